package passkey

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/factor"
)

// toEnter is the use of a challenge whose answer is a whole log-in.
const toEnter use = "enter"

// visitor is whom such a challenge is made for: a browser, by the hash of its cookie.
func visitor(browser []byte) string { return "browser " + hex.EncodeToString(browser) }

// AskAnybody returns the question to a browser in which nobody is signed in. It names no passkey, so that nobody learns
// who has any. It returns factor.ErrOver where no office takes a passkey for the whole log-in, and "" to a browser that
// has no cookie yet: it asks again.
func (p *Passkey) AskAnybody(ctx context.Context, tx dbsqlc.DBTX, browser []byte) (string, error) {
	row, err := p.q.PasskeyAloneOffered(ctx, tx)
	if err != nil {
		return "", fmt.Errorf("look whether a passkey is the whole log-in: %w", err)
	}
	if !row.Offered {
		return "", factor.ErrOver
	}
	if len(browser) == 0 {
		return "", nil
	}
	_, assertion, _, err := p.toEnter(p.challenge(toEnter, visitor(browser), row.Now))
	if err != nil {
		return "", err
	}
	return asJSON(assertion.Response)
}

// toEnter is the ceremony of a whole log-in, which demands that the device verifies its user.
func (p *Passkey) toEnter(
	challenge []byte,
) (*webauthn.WebAuthn, *protocol.CredentialAssertion, *webauthn.SessionData, error) {
	rp, err := p.relyingParty()
	if err != nil {
		return nil, nil, nil, err
	}
	assertion, data, err := rp.BeginDiscoverableLogin(webauthn.WithChallenge(challenge),
		webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("ask for anybody's passkey: %w", err)
	}
	return rp, assertion, data, nil
}

// OwnerOf returns whose passkey a proof says it is of, where that may be the whole log-in; factor.ErrOver for nobody's.
// Nothing is proven yet.
func (p *Passkey) OwnerOf(ctx context.Context, tx dbsqlc.DBTX, text string) (factor.Owner, error) {
	r, ok := readResponse(text)
	if !ok {
		return factor.Owner{}, factor.ErrOver
	}
	parsed, ok := well(protocol.ParseCredentialRequestResponseBytes(r.Credential))
	if !ok {
		return factor.Owner{}, factor.ErrOver
	}
	row, err := p.q.PasskeyOwner(ctx, tx, parsed.RawID)
	if errors.Is(err, pgx.ErrNoRows) {
		return factor.Owner{}, factor.ErrOver
	}
	if err != nil {
		return factor.Owner{}, fmt.Errorf("look whose a passkey is: %w", err)
	}
	return factor.Owner{UserID: row.ID, OfficeID: row.OfficeID, Username: row.Username, Office: row.Office}, nil
}

// VerifyAlone checks the proof of a whole log-in by its owner, whose row is held, and uses it up.
func (p *Passkey) VerifyAlone(
	ctx context.Context, tx pgx.Tx, o factor.Owner, browser []byte, t *factor.Try, text string,
) (bool, error) {
	now, err := p.OwnerOf(ctx, tx, text) // what the office and the user are now
	if err != nil || now.UserID != o.UserID {
		return false, err
	}
	r, _ := readResponse(text)
	parsed, ok := well(protocol.ParseCredentialRequestResponseBytes(r.Credential))
	if !ok {
		return false, nil
	}
	challenge, ok, err := p.answer(ctx, tx, parsed.Response.CollectedClientData.Challenge, toEnter, visitor(browser))
	if !ok || err != nil {
		return false, err
	}
	h, _, err := p.holder(ctx, tx, o)
	if err != nil {
		return false, err
	}
	rp, _, data, err := p.toEnter(challenge)
	if err != nil {
		return false, err
	}
	owner := func(_, _ []byte) (webauthn.User, error) { return h, nil } // the library compares the user handle
	credential, ok := well(rp.ValidateDiscoverableLogin(owner, *data, parsed))
	if !ok {
		return false, nil
	}
	return p.use(ctx, tx, h, t, credential)
}
