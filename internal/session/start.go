package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// AuthSource is what a session begins with. The two of single sign-on stand in sessions.methods by these words.
type AuthSource string

// The sources. Only a provider that the office trusts for both factors makes a session of two.
const (
	ByPassword  AuthSource = "password"
	BySSO       AuthSource = "sso"
	BySSOFactor AuthSource = "sso_mfa"
)

// methods returns the level of a session that begins so, and how it was proven: "pwd" as in RFC 8176.
func (a AuthSource) methods() (level int16, methods []string) {
	switch a {
	case BySSOFactor:
		return 2, []string{string(BySSO), string(BySSOFactor)}
	case BySSO:
		return 1, []string{string(BySSO)}
	}
	return 1, []string{"pwd"}
}

// Start begins a session of a user in the transaction tx: a pending log-in where a second factor is demanded and by has
// not proven it. It returns account.ErrWrong when the password that the user proved is not theirs any more, or they
// were disabled meanwhile.
func (s *Store) Start(
	ctx context.Context, tx pgx.Tx, user account.User, client Client, by AuthSource, demanded bool,
) (Session, Token, error) {
	token := NewToken()
	level, methods := by.methods()
	sess := Session{User: user, TwoFactorRequired: demanded, Level: int(level), Methods: methods}
	row, err := s.q.SessionInsert(ctx, tx, dbsqlc.SessionInsertParams{
		UserID: user.ID, TokenHash: token.Hash(), Level: level, Methods: methods, Address: client.Address,
		UserAgent: clip(client.UserAgent), ByPassword: by == ByPassword, PasswordVersion: user.PasswordVersion,
		Pending: sess.Pending(), BrowserHash: client.Browser,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Session{}, "", account.ErrWrong
	}
	if err != nil {
		return Session{}, "", fmt.Errorf("start a session of user %d: %w", user.ID, err)
	}
	sess.ID, sess.KnownBrowser = row.ID, row.KnownBrowser
	return sess, token, s.evictOldest(ctx, tx, sess, client, sess.Pending(), leastLevel(demanded))
}

// MaxLiving is how many sessions of one user live at once; with one more the oldest ends (ASVS 7.1.2). As many log-ins
// may be pending beside them: the password alone cannot end the session of the user who proved both.
const MaxLiving = 20

// leastLevel returns the level of a session that may do something.
func leastLevel(demanded bool) int16 {
	if demanded {
		return 2
	}
	return 1
}

// evictOldest ends the oldest sessions of a user before the session keep makes more than MaxLiving: of the pending
// log-ins when it is one, else of the sessions of at least the level least.
func (s *Store) evictOldest(ctx context.Context, tx pgx.Tx, keep Session, client Client, pending bool,
	least int16) error {
	which := dbsqlc.SessionOldestParams{UserID: keep.User.ID, Keep: keep.ID, Low: least, High: 2, Newest: MaxLiving - 1}
	if pending {
		which.Low, which.High = 1, 1
	}
	oldest, err := s.q.SessionOldest(ctx, tx, which)
	if err != nil {
		return fmt.Errorf("look for too many sessions of user %d: %w", keep.User.ID, err)
	}
	for _, id := range oldest {
		if _, err := s.End(ctx, tx, Which{UserID: keep.User.ID, ID: id}); err != nil {
			return err
		}
		if err := s.log.Write(ctx, tx, keep.Event(audit.SessionDisplaced, client)); err != nil {
			return err
		}
	}
	return nil
}

// clip keeps what a browser says of itself to 300 characters of clean text.
func clip(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			continue
		}
		if out = append(out, r); len(out) == 300 {
			break
		}
	}
	return string(out)
}
