package federation

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/jackc/pgx/v5"
	"golang.org/x/oauth2"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/network"
	"github.com/nightlatch/nightlatch/internal/session"
)

const (
	purposeSignIn = "sign_in"
	purposeTest   = "test"
)

// Begin prepares a sign-in at the provider of an office, by its code as typed, and returns the token that
// the browser keeps until it is back. hint is whom the provider is to expect, as it said itself, or "". It
// returns ErrNone, for an unknown office as for one without a provider, ErrTooMany for its network, or *Trouble.
func (s *Service) Begin(
	ctx context.Context, officeCode, hint string, client session.Client,
) (session.Token, error) {
	from := network.Of(client.Address)
	counts, err := s.q.SSOFlowCounts(ctx, s.pool, dbsqlc.SSOFlowCountsParams{
		OfficeCode: account.CanonicalOfficeCode(officeCode), BrowserHash: client.Browser, Network: from.Host(),
		Site: from.Site(), Own: from.Own(),
	})
	if err != nil {
		return "", fmt.Errorf("count sign-ins from a network: %w", err)
	}
	if counts.TooMany && !counts.Known {
		return "", ErrTooMany
	}
	p, err := s.q.SSOProviderByCode(ctx, s.pool, account.CanonicalOfficeCode(officeCode))
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrNone
	}
	if err != nil {
		return "", fmt.Errorf("find the provider: %w", err)
	}
	d, err := s.idps.discover(ctx, p.Issuer, false)
	if err != nil {
		return "", inOffice(err, p.OfficeCode)
	}
	// Who must have proven a second factor just now is asked for it, rather than refused for an old one.
	var more []oauth2.AuthCodeOption
	if p.TwoFactorRequired && Policy(p.Policy) == Trust {
		more = append(more, maxAge())
		if len(p.AcrValues) > 0 {
			more = append(more, oauth2.SetAuthURLParam("acr_values", p.AcrValues[0]))
		}
	}
	if hint != "" {
		more = append(more, oauth2.SetAuthURLParam("login_hint", hint))
	}
	return s.leave(ctx, s.pool, d, dbsqlc.SSOFlowInsertParams{
		Purpose: purposeSignIn, OfficeID: p.OfficeID, Issuer: p.Issuer, Network: from.Host(), Site: from.Site(),
		Known: counts.Known,
	}, p.ClientID, more...)
}

// OfficeOf returns the code of the office whose provider has this issuer: ErrNone when there is none, ErrSeveral when
// the issuer serves more than one.
func (s *Service) OfficeOf(ctx context.Context, issuer string) (string, error) {
	codes, err := s.q.SSOOfficesOfIssuer(ctx, s.pool, issuer)
	switch {
	case err != nil:
		return "", fmt.Errorf("find the office of an issuer: %w", err)
	case len(codes) == 0:
		return "", ErrNone
	case len(codes) > 1:
		return "", ErrSeveral
	}
	return codes[0], nil
}

// BeginTest prepares a round trip for the superuser, at whose end stands no session but a report.
// It returns ErrNone and ErrNotAllowed; trouble with the provider is part of the report.
func (s *Service) BeginTest(ctx context.Context, sess session.Session) (token session.Token, reported bool, err error) {
	testing := session.Act{Role: account.RoleSuperuser}
	if err := sess.May(testing); err != nil {
		return "", false, err
	}
	p, err := s.q.SSOProviderOf(ctx, s.pool, sess.User.OfficeID)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, ErrNone
	}
	if err != nil {
		return "", false, fmt.Errorf("read the provider of office %d: %w", sess.User.OfficeID, err)
	}
	d, err := s.idps.discover(ctx, p.Issuer, true)
	reported = err != nil
	err = session.ActingTx(ctx, s.pool, sess, testing, func(tx pgx.Tx, _ session.Session) (failed error) {
		if reported {
			return s.report(ctx, tx, p.OfficeID, p.Issuer, claims{}, err)
		}
		if failed = s.q.SSOFlowDropTests(ctx, tx, sess.User.ID); failed != nil {
			return fmt.Errorf("drop the tests of user %d: %w", sess.User.ID, failed)
		}
		token, failed = s.leave(ctx, tx, d, dbsqlc.SSOFlowInsertParams{
			Purpose: purposeTest, OfficeID: p.OfficeID, UserID: &sess.User.ID, Issuer: p.Issuer, Known: true,
		}, p.ClientID, maxAge())
		return failed
	})
	return token, reported, err
}

func maxAge() oauth2.AuthCodeOption {
	return oauth2.SetAuthURLParam("max_age", fmt.Sprint(int(authTimeLimit.Seconds())))
}

// leave keeps what must come back, and returns the browser's own token.
func (s *Service) leave(ctx context.Context, tx dbsqlc.DBTX, d discovered, flow dbsqlc.SSOFlowInsertParams,
	clientID string, more ...oauth2.AuthCodeOption) (session.Token, error) {
	state, nonce, browser, verifier := string(session.NewToken()), string(session.NewToken()), session.NewToken(),
		oauth2.GenerateVerifier()
	cfg := s.config(d, clientID, "")
	onward := cfg.AuthCodeURL(state, append(more, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))...)
	flow.StateHash, flow.NonceHash, flow.BrowserHash = hash(state), hash(nonce), browser.Hash()
	flow.VerifierCt = s.keys.Seal(purposeVerifier, hex.EncodeToString(flow.StateHash), []byte(verifier))
	flow.OnwardCt = s.keys.Seal(purposeOnward, hex.EncodeToString(flow.StateHash), []byte(onward))
	if err := s.q.SSOFlowInsert(ctx, tx, flow); err != nil {
		return "", fmt.Errorf("keep a sign-in: %w", err)
	}
	return browser, nil
}

// Onward is where a browser that is about to leave goes.
type Onward struct {
	URL  string
	Host string // of the provider, to be read
}

// Onward returns where the browser with this token goes. It returns ErrFlow.
func (s *Service) Onward(ctx context.Context, browser session.Token) (Onward, error) {
	flow, err := s.q.SSOFlowLeaving(ctx, s.pool, browser.Hash())
	if errors.Is(err, pgx.ErrNoRows) {
		return Onward{}, ErrFlow
	}
	if err != nil {
		return Onward{}, fmt.Errorf("find a sign-in: %w", err)
	}
	address, err := s.keys.Open(purposeOnward, hex.EncodeToString(flow.StateHash), flow.OnwardCt)
	if err != nil {
		return Onward{}, fmt.Errorf("open a sign-in: %w", err)
	}
	u, err := url.Parse(string(address))
	if err != nil {
		return Onward{}, fmt.Errorf("read a sign-in: %w", err)
	}
	return Onward{string(address), u.Host}, nil
}
