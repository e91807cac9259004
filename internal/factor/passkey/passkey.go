// Package passkey is passkeys (WebAuthn): the browser's proof that its user holds a private key, made for our host
// alone, so that no other site can ask for it and pass it on.
//
// The rule it protects: a proof answers a challenge of ours, made for the session that gives it, once and for five
// minutes. A challenge that nobody has answered is no row: it says itself for whom and when it was made, under a MAC.
// Start at Ask, then Verify.
package passkey

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// What a session that was proven with a passkey remembers, in the words of RFC 8176: whether the key stays on one
// device, as far as its authenticator says.
const (
	Hardware factor.Kind = "hwk"
	Software factor.Kind = "swk" // it may be on several
)

// Passkey is passkeys as a kind of factor.
type Passkey struct {
	factor.PerSession
	q       *dbsqlc.Queries
	keys    *keys.Ring
	public  *url.URL
	product string
}

// New returns the kind for the origin under which browsers reach us, whose host the passkeys are bound to; its port may
// be found out later. It returns an error for a host that can have none: an address in numbers.
func New(ring *keys.Ring, public *url.URL, product string) (*Passkey, error) {
	p := &Passkey{q: dbsqlc.New(), keys: ring, public: public, product: product}
	_, err := p.relyingParty()
	return p, err
}

// relyingParty is us as browsers and authenticators know us.
func (p *Passkey) relyingParty() (*webauthn.WebAuthn, error) {
	rp, err := webauthn.New(&webauthn.Config{
		RPID: p.public.Hostname(), RPDisplayName: p.product,
		RPOrigins: []string{p.public.Scheme + "://" + p.public.Host},
		// Whose make an authenticator is, we need not be sure of.
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("have passkeys for %s: %w", p.public.Hostname(), err)
	}
	return rp, nil
}

// Kind returns factor.Passkey.
func (*Passkey) Kind() factor.Kind { return factor.Passkey }

// Words names passkeys in history, notices and mails.
func (*Passkey) Words() factor.Words {
	return factor.Words{
		Added: audit.PasskeyAdded, Changed: audit.PasskeyAdded, Removed: audit.PasskeyRemoved,
		AddedNotice: "passkey_added", ChangedNotice: "passkey_added", RemovedNotice: "passkey_removed",
	}
}

// Ask returns what the browser is asked with, as JSON: to make a passkey, or to prove one of the user's. It returns
// factor.ErrOver when none of theirs can be proven.
func (p *Passkey) Ask(ctx context.Context, tx pgx.Tx, o factor.Owner, enrols bool) (string, error) {
	h, now, err := p.holder(ctx, tx, o)
	if err != nil {
		return "", err
	}
	use := purposeOf(enrols)
	challenge := p.challenge(use, session(o), now)
	if enrols {
		creation, _, err := p.toMake(h, challenge)
		if err != nil {
			return "", err
		}
		return asJSON(creation.Response)
	}
	assertion, _, err := p.toProve(h, challenge)
	if err != nil {
		return "", err
	}
	return asJSON(assertion.Response)
}

func asJSON(options any) (string, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return "", fmt.Errorf("write the question to the browser: %w", err)
	}
	return string(text), nil
}

// toMake is the ceremony of a new passkey. What the user has already, also what opens nothing any more, is named, so
// that no authenticator makes a second one.
func (p *Passkey) toMake(h holder, challenge []byte) (*protocol.CredentialCreation, *webauthn.SessionData, error) {
	rp, err := p.relyingParty()
	if err != nil {
		return nil, nil, err
	}
	creation, data, err := rp.BeginRegistration(h, webauthn.WithExclusions(h.all.CredentialDescriptors()))
	if err != nil {
		return nil, nil, fmt.Errorf("ask for a new passkey: %w", err)
	}
	creation.Response.Challenge = challenge
	data.Challenge = creation.Response.Challenge.String()
	return creation, data, nil
}

// toProve is the ceremony of a passkey that the user has.
func (p *Passkey) toProve(h holder, challenge []byte) (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
	if len(h.usable) == 0 {
		return nil, nil, factor.ErrOver // an empty list would ask for anybody's
	}
	rp, err := p.relyingParty()
	if err != nil {
		return nil, nil, err
	}
	assertion, data, err := rp.BeginLogin(h, webauthn.WithChallenge(challenge))
	if err != nil {
		return nil, nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return assertion, data, nil
}

// Remove takes all passkeys of a user away.
func (p *Passkey) Remove(ctx context.Context, tx pgx.Tx, userID int64) error {
	if err := p.q.PasskeyDelete(ctx, tx, userID); err != nil {
		return fmt.Errorf("remove the passkeys of user %d: %w", userID, err)
	}
	return nil
}

// Reseal has nothing to do: a public key is no secret.
func (*Passkey) Reseal(context.Context, int64) (int64, error) { return 0, nil }
