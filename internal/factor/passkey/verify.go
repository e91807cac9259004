package passkey

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// maxResponse is more than the longest proof: attestations with certificates have some kilobytes.
const maxResponse = 64 << 10

// response is a proof with what its user calls a new passkey.
type response struct {
	Name       string          `json:"name"`
	Credential json.RawMessage `json:"credential"`
}

// Response joins what a browser answered with the name that its user typed for a new passkey, for Prove and
// ConfirmEnrolment.
func Response(credential, name string) string {
	if !json.Valid([]byte(credential)) {
		return ""
	}
	text, _ := json.Marshal(response{name, json.RawMessage(credential)})
	return string(text)
}

// Clean takes what Response returned.
func (*Passkey) Clean(text string) (string, bool) {
	return text, len(text) <= maxResponse && json.Valid([]byte(text))
}

// Verify checks the proof of a new passkey, or of one that the user has. It returns factor.ErrOver for a challenge that
// is too old or was answered before.
func (p *Passkey) Verify(
	ctx context.Context, tx pgx.Tx, o factor.Owner, t *factor.Try, text string,
) (bool, error) {
	r, ok := readResponse(text)
	if !ok {
		return false, nil
	}
	h, _, err := p.holder(ctx, tx, o)
	if err != nil {
		return false, err
	}
	if t.Purpose.Enrols() {
		return p.verifyNew(ctx, tx, o, h, t, r)
	}
	return p.verifyOwn(ctx, tx, o, h, t, r)
}

// well returns what a browser sent, read or checked, and whether nothing was wrong with it. What was wrong is told
// nobody.
func well[T any](checked T, err error) (T, bool) { return checked, err == nil }

func readResponse(text string) (r response, ok bool) {
	err := json.Unmarshal([]byte(text), &r)
	return r, err == nil
}

// madeState is a new passkey that was proven.
type madeState struct {
	credential *webauthn.Credential
	name       string
}

func (p *Passkey) verifyNew(
	ctx context.Context, tx pgx.Tx, o factor.Owner, h holder, t *factor.Try, r response,
) (bool, error) {
	parsed, ok := well(protocol.ParseCredentialCreationResponseBytes(r.Credential))
	if !ok {
		return false, nil
	}
	challenge, ok, err := p.answer(ctx, tx, parsed.Response.CollectedClientData.Challenge, toMake, session(o))
	if !ok || err != nil {
		return false, err
	}
	_, data, err := p.toMake(h, challenge)
	if err != nil {
		return false, err
	}
	rp, err := p.relyingParty()
	if err != nil {
		return false, err
	}
	credential, ok := well(rp.CreateCredential(h, *data, parsed))
	if !ok {
		return false, nil
	}
	t.State, t.Method = madeState{credential, typed.Line(r.Name)}, methodOf(credential)
	return true, nil
}

// copied is a proof that counted no further than one before: the passkey's id and name.
type copied struct {
	id   int64
	name string
}

func (p *Passkey) verifyOwn(
	ctx context.Context, tx pgx.Tx, o factor.Owner, h holder, t *factor.Try, r response,
) (bool, error) {
	parsed, ok := well(protocol.ParseCredentialRequestResponseBytes(r.Credential))
	if !ok {
		return false, nil
	}
	challenge, ok, err := p.answer(ctx, tx, parsed.Response.CollectedClientData.Challenge, toProve, session(o))
	if !ok || err != nil {
		return false, err
	}
	_, data, err := p.toProve(h, challenge)
	if err != nil {
		return false, err
	}
	rp, err := p.relyingParty()
	if err != nil {
		return false, err
	}
	credential, ok := well(rp.ValidateLogin(h, *data, parsed))
	if !ok {
		return false, nil
	}
	return p.use(ctx, tx, h, t, credential)
}

// use notes a right proof, and refuses one that counted no further: there may be a copy of the passkey.
func (p *Passkey) use(
	ctx context.Context, tx pgx.Tx, h holder, t *factor.Try, credential *webauthn.Credential,
) (bool, error) {
	row := h.rows[string(credential.ID)]
	if credential.Authenticator.CloneWarning {
		t.State = copied{row.ID, row.Name}
		t.Alarm = factor.Alarm{Notice: "passkey_copied", Action: audit.PasskeyCopied, Detail: row.Name}
		return false, nil
	}
	n, err := p.q.PasskeyUse(ctx, tx, dbsqlc.PasskeyUseParams{
		ID: row.ID, SignCount: int64(credential.Authenticator.SignCount), BackedUp: credential.Flags.BackupState,
	})
	if err != nil {
		return false, fmt.Errorf("note a proof of passkey %d: %w", row.ID, err)
	}
	t.Method = methodOf(credential)
	return n == 1, nil
}

// Told takes a passkey out of use of which there may be a copy.
func (p *Passkey) Told(ctx context.Context, tx pgx.Tx, _ factor.Owner, t factor.Try) error {
	c, ok := t.State.(copied)
	if !ok {
		return nil
	}
	if err := p.q.PasskeyCopied(ctx, tx, c.id); err != nil {
		return fmt.Errorf("take passkey %d out of use: %w", c.id, err)
	}
	return nil
}

// answer uses the challenge up that a proof says it answers, and reports whether it is one of ours for whoever answers.
func (p *Passkey) answer(
	ctx context.Context, tx pgx.Tx, text string, u use, asker string,
) (challenge []byte, ours bool, err error) {
	challenge, at, ours := p.made(text, u, asker)
	if !ours {
		return nil, false, nil
	}
	hash := sha256.Sum256(challenge)
	n, err := p.q.PasskeyAnswer(ctx, tx, dbsqlc.PasskeyAnswerParams{ChallengeHash: hash[:], MadeAt: at.In(time.UTC)})
	if err != nil {
		return nil, false, fmt.Errorf("use a challenge up: %w", err)
	}
	if n == 0 {
		return nil, false, factor.ErrOver
	}
	return challenge, true, nil
}

// Enrol adds the passkey that was proven. It returns factor.ErrHasFactor for one that is somebody's already, and for
// one too many.
func (p *Passkey) Enrol(ctx context.Context, tx pgx.Tx, o factor.Owner, t factor.Try) (string, error) {
	m := t.State.(madeState)
	name := m.name
	if name == "" {
		name = nameOf(m.credential.Authenticator.AAGUID)
	}
	if runes := []rune(name); len(runes) > factor.MaxItemName {
		name = string(runes[:factor.MaxItemName])
	}
	transports := make([]string, len(m.credential.Transport))
	for i, transport := range m.credential.Transport {
		transports[i] = string(transport)
	}
	n, err := p.q.PasskeyInsert(ctx, tx, dbsqlc.PasskeyInsertParams{
		UserID: o.UserID, CredentialID: m.credential.ID, PublicKey: m.credential.PublicKey, Name: name,
		Aaguid: m.credential.Authenticator.AAGUID, Transports: transports,
		SignCount:      int64(m.credential.Authenticator.SignCount),
		BackupEligible: m.credential.Flags.BackupEligible, BackedUp: m.credential.Flags.BackupState,
	})
	if err != nil {
		return "", fmt.Errorf("add a passkey of user %d: %w", o.UserID, err)
	}
	if n == 0 {
		return "", factor.ErrHasFactor
	}
	return name, nil
}

func methodOf(credential *webauthn.Credential) factor.Kind {
	if credential.Flags.BackupEligible {
		return Software
	}
	return Hardware
}
