package federation

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Answer is what a browser brings back from a provider.
type Answer struct {
	State   string
	Code    string
	Issuer  string // who answers, where the provider says so (RFC 9207)
	Error   string
	Browser session.Token           // its own cookie
	Session *session.Session        // the one it has, nil for none
	Client  session.Client          //
	Speaks  func(own string) string // the language to write to a user in, whose own choice may be ""
}

// Arrival is how a round trip ended: one of the three.
type Arrival struct {
	Session session.Token // signed in, or a pending log-in
	Link    session.Token // nobody here is linked yet: the browser's token for the page that links
	Tested  bool          // it was a test, and its report is kept
}

// Return ends a round trip. The flow is used up first, whatever comes after. It returns ErrFlow, *Trouble,
// or *Refused, which has left an audit event and nothing else.
func (s *Service) Return(ctx context.Context, a Answer) (Arrival, error) {
	flow, err := s.q.SSOFlowTake(ctx, s.pool, dbsqlc.SSOFlowTakeParams{
		StateHash: hash(a.State), BrowserHash: a.Browser.Hash(),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Arrival{}, ErrFlow
	}
	if err != nil {
		return Arrival{}, fmt.Errorf("take a sign-in: %w", err)
	}
	p, err := s.q.SSOProviderOf(ctx, s.pool, flow.OfficeID)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && p.Issuer != flow.Issuer {
		return Arrival{}, ErrFlow // the office has changed its provider meanwhile
	}
	if err != nil {
		return Arrival{}, fmt.Errorf("read the provider of office %d: %w", flow.OfficeID, err)
	}
	if flow.Purpose == purposeTest {
		// A report is for the superuser who asked for it, and whose session this still is.
		if a.Session == nil || a.Session.Pending() || !a.Session.User.Role.ManagesOffice() ||
			a.Session.User.ID != *flow.UserID {
			return Arrival{}, ErrFlow
		}
		said, trouble := s.hear(ctx, p, flow, a)
		return Arrival{Tested: true}, s.report(ctx, s.pool, flow.OfficeID, flow.Issuer, said, trouble)
	}
	said, err := s.hear(ctx, p, flow, a)
	if err != nil {
		return Arrival{}, inOffice(err, p.OfficeCode)
	}
	return s.arrive(ctx, flow, said, a)
}

// hear makes a verified answer of what the browser brought.
func (s *Service) hear(ctx context.Context, p dbsqlc.SSOProviderOfRow, flow dbsqlc.SsoFlow, a Answer) (claims, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	d, err := s.idps.discover(ctx, p.Issuer, false)
	if err != nil {
		return claims{}, err
	}
	// Two providers, one address to come back to: the answer of one must not pass for the other's.
	if a.Issuer != "" && a.Issuer != p.Issuer || a.Issuer == "" && d.iss {
		return claims{}, &Trouble{Kind: OtherProvider, err: errors.New("the answer does not name this provider")}
	}
	if a.Error != "" || a.Code == "" {
		kind := AnsweredError
		if a.Error == "access_denied" {
			kind = Denied
		}
		return claims{}, &Trouble{Kind: kind, err: errors.New("the provider answered with an error: " + short(a.Error))}
	}
	secret, err := s.keys.Open(purposeSecret, row(p.OfficeID), p.SecretCt)
	if err != nil {
		return claims{}, fmt.Errorf("open the client secret of office %d: %w", p.OfficeID, err)
	}
	verifier, err := s.keys.Open(purposeVerifier, hex.EncodeToString(flow.StateHash), flow.VerifierCt)
	if err != nil {
		return claims{}, fmt.Errorf("open the verifier of a sign-in: %w", err)
	}
	return s.redeem(ctx, d, s.config(d, p.ClientID, string(secret)), a.Code, string(verifier), flow.NonceHash)
}

// arrive decides, under the policy of this moment, and writes what follows.
func (s *Service) arrive(ctx context.Context, flow dbsqlc.SsoFlow, said claims, a Answer) (Arrival, error) {
	var arrival Arrival
	var refused *Refused
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		office, err := s.hold(ctx, tx, flow.OfficeID, flow.Issuer)
		if err != nil {
			return err
		}
		user, known, err := s.userOf(ctx, tx, flow.OfficeID, flow.Issuer, said.Subject)
		if err != nil {
			return err
		}
		demanded, err := s.demanded(ctx, tx, flow.OfficeID, user.ID)
		if err != nil {
			return err
		}
		by := session.BySSO
		if demanded {
			if refused = judge(office, said); refused != nil {
				return s.writeRefusal(ctx, tx, flow.OfficeID, user, said.Label, a.Client)
			}
			if Policy(office.Policy) == Trust {
				by = session.BySSOFactor
			}
		}
		if !known {
			arrival.Link = session.NewToken()
			err := s.q.SSOLinkInsert(ctx, tx, dbsqlc.SSOLinkInsertParams{
				OfficeID: flow.OfficeID, StateHash: hash(string(session.NewToken())), BrowserHash: arrival.Link.Hash(),
				NonceHash: flow.NonceHash, Network: flow.Network, Site: flow.Site, Known: flow.Known,
				Issuer: flow.Issuer, Subject: said.Subject, Label: said.Label,
			})
			if err != nil {
				return fmt.Errorf("keep a link to be made: %w", err)
			}
			return nil
		}
		arrival.Session, _, err = s.opener.Open(ctx, tx, user, a.Speaks(user.Language), a.Client, by)
		return err
	})
	if err != nil {
		return Arrival{}, err
	}
	if refused != nil {
		return Arrival{}, refused
	}
	return arrival, nil
}

// judge decides for a user of whom two factors are demanded; nil lets the sign-in through.
func judge(office dbsqlc.SSOProviderHoldRow, said claims) *Refused {
	switch Policy(office.Policy) {
	case Ask:
		return nil
	case Trust:
		if why := said.lacks(office.AcrValues, office.Now); why != "" {
			return &Refused{office.OfficeCode, why}
		}
		return nil
	}
	return &Refused{OfficeCode: office.OfficeCode}
}

// hold reads the office's policy of this moment, and holds it until the transaction's end. It returns ErrFlow
// when the office has another provider by now, or none.
func (s *Service) hold(ctx context.Context, tx pgx.Tx, officeID int64,
	issuer string) (dbsqlc.SSOProviderHoldRow, error) {
	office, err := s.q.SSOProviderHold(ctx, tx, officeID)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && office.Issuer != issuer {
		return office, ErrFlow
	}
	if err != nil {
		return office, fmt.Errorf("hold the policy of office %d: %w", officeID, err)
	}
	return office, nil
}

// demanded reports whether a second factor is demanded now of a user, or of somebody unknown (0).
func (s *Service) demanded(ctx context.Context, tx pgx.Tx, officeID, userID int64) (bool, error) {
	is, err := s.q.SSODemanded(ctx, tx, dbsqlc.SSODemandedParams{OfficeID: officeID, UserID: userID})
	if err != nil {
		return false, fmt.Errorf("ask what is demanded of user %d: %w", userID, err)
	}
	return is, nil
}

// userOf finds whom a subject stands for. A disabled user is as unknown as none: the page that links then
// answers as the log-in does.
func (s *Service) userOf(ctx context.Context, tx pgx.Tx, officeID int64, issuer,
	subject string) (account.User, bool, error) {
	r, err := s.q.SSOIdentityUser(ctx, tx, dbsqlc.SSOIdentityUserParams{
		OfficeID: officeID, Issuer: issuer, Subject: subject,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return account.User{}, false, nil
	}
	if err != nil {
		return account.User{}, false, fmt.Errorf("find who is linked: %w", err)
	}
	user := account.User{
		ID: r.ID, OfficeID: r.OfficeID, Username: r.Username, Name: r.Name, Role: account.Role(r.Role), Language: r.Language,
	}
	return user, r.DisabledAt == nil, nil
}

func (s *Service) writeRefusal(ctx context.Context, tx pgx.Tx, officeID int64, user account.User, label string,
	client session.Client) error {
	event := audit.Event{Office: officeID, Actor: user.Person(), Action: audit.SSORefused, Address: client.Address}
	if user.ID != 0 {
		return s.log.Write(ctx, tx, event)
	}
	// Whoever has an account at the provider may come again and again: that is one line a minute.
	event.Detail = label
	told, err := s.q.SSORefusedJustNow(ctx, tx, dbsqlc.SSORefusedJustNowParams{OfficeID: officeID, Detail: label})
	if err != nil {
		return fmt.Errorf("look who was refused at office %d: %w", officeID, err)
	}
	return s.log.Count(ctx, tx, event, !told)
}
