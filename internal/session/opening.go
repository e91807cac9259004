package session

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
)

// Opening is what a session begins with. The two of single sign-on stand in sessions.methods by these words.
type Opening string

// The openings. Only a provider that the office trusts for both factors makes a session of two.
const (
	ByPassword  Opening = "password"
	BySSO       Opening = "sso"
	BySSOFactor Opening = "sso_mfa"
)

// StartSSO begins a session of a user whom the office's provider vouched for, in the transaction tx:
// pending when a second factor of ours is demanded. Nothing in it counts as a proven password.
func (s *Store) StartSSO(ctx context.Context, tx pgx.Tx, user account.User, client Client, by Opening, pending bool) (int64, Token, error) {
	life := overall(user.Role)
	if pending {
		life = lifePending
	}
	token := NewToken()
	id, err := s.q.SSOSessionInsert(ctx, tx, dbsqlc.SSOSessionInsertParams{
		UserID: user.ID, TokenHash: token.Hash(), Strong: by == BySSOFactor, Address: client.Address, UserAgent: clip(client.UserAgent), Life: life,
	})
	if err != nil {
		return 0, "", fmt.Errorf("start session by single sign-on: %w", err)
	}
	return id, token, nil
}
