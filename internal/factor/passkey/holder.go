package passkey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/factor"
)

// holder is a user as the library sees one.
type holder struct {
	handle []byte
	name   string
	all    webauthn.Credentials
	usable webauthn.Credentials
	rows   map[string]dbsqlc.PasskeyListRow // by credential id
}

// WebAuthnID is random and names nobody: authenticators keep it.
func (h holder) WebAuthnID() []byte { return h.handle }

// WebAuthnName is what authenticators list a passkey by. It names the office, too: somebody is in two offices.
func (h holder) WebAuthnName() string { return h.name }

// WebAuthnDisplayName is the same.
func (h holder) WebAuthnDisplayName() string { return h.name }

// WebAuthnCredentials are the passkeys that a proof may be made with.
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.usable }

// holder reads a user's passkeys, and the database's clock.
func (p *Passkey) holder(ctx context.Context, tx dbsqlc.DBTX, o factor.Owner) (holder, time.Time, error) {
	user, err := p.q.PasskeyHandle(ctx, tx, o.UserID)
	if err != nil {
		return holder{}, time.Time{}, fmt.Errorf("read who user %d is to authenticators: %w", o.UserID, factor.Over(err))
	}
	rows, err := p.q.PasskeyList(ctx, tx, o.UserID)
	if err != nil {
		return holder{}, time.Time{}, fmt.Errorf("list the passkeys of user %d: %w", o.UserID, err)
	}
	h := holder{
		handle: user.PasskeyHandle.Bytes[:], name: o.Username + " (" + o.Office + ")",
		rows: map[string]dbsqlc.PasskeyListRow{},
	}
	for _, r := range rows {
		c := credentialOf(r)
		h.all, h.rows[string(r.CredentialID)] = append(h.all, c), r
		if r.CopiedAt == nil {
			h.usable = append(h.usable, c)
		}
	}
	return h, user.Now, nil
}

func credentialOf(r dbsqlc.PasskeyListRow) webauthn.Credential {
	c := webauthn.Credential{
		ID: r.CredentialID, PublicKey: r.PublicKey,
		Flags: webauthn.CredentialFlags{BackupEligible: r.BackupEligible, BackupState: r.BackedUp},
		Authenticator: webauthn.Authenticator{
			AAGUID: r.Aaguid, SignCount: uint32(r.SignCount), //nolint:gosec // it was one
		},
	}
	for _, t := range r.Transports {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	return c
}

// Items lists a user's passkeys, the oldest first.
func (p *Passkey) Items(ctx context.Context, tx dbsqlc.DBTX, userID int64) ([]factor.Item, error) {
	rows, err := p.q.PasskeyList(ctx, tx, userID)
	if err != nil {
		return nil, fmt.Errorf("list the passkeys of user %d: %w", userID, err)
	}
	items := make([]factor.Item, len(rows))
	for i, r := range rows {
		items[i] = factor.Item{
			ID: r.ID, Name: r.Name, AddedAt: r.CreatedAt, Shared: r.BackedUp, Dead: r.CopiedAt != nil,
		}
		if r.UsedAt != nil {
			items[i].UsedAt = *r.UsedAt
		}
	}
	return items, nil
}

// RemoveItem takes one passkey away and returns its name; factor.ErrOver when the user has no such.
func (p *Passkey) RemoveItem(ctx context.Context, tx pgx.Tx, userID, id int64) (string, error) {
	name, err := p.q.PasskeyDeleteOne(ctx, tx, dbsqlc.PasskeyDeleteOneParams{UserID: userID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", factor.ErrOver
	}
	if err != nil {
		return "", fmt.Errorf("remove passkey %d of user %d: %w", id, userID, err)
	}
	return name, nil
}

// RenameItem gives a passkey another name and returns the one before; factor.ErrOver when the user has no such.
func (p *Passkey) RenameItem(ctx context.Context, tx pgx.Tx, userID, id int64, name string) (string, error) {
	before, err := p.q.PasskeyRename(ctx, tx, dbsqlc.PasskeyRenameParams{UserID: userID, ID: id, Name: name})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", factor.ErrOver
	}
	if err != nil {
		return "", fmt.Errorf("rename passkey %d of user %d: %w", id, userID, err)
	}
	return before, nil
}
