package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/network"
)

// AuthSource is what a session begins with. The two of single sign-on stand in sessions.methods by these words.
type AuthSource string

// The sources. Only a provider that the office trusts for both factors makes a session of two.
const (
	ByPassword  AuthSource = "password"
	BySSO       AuthSource = "sso"
	BySSOFactor AuthSource = "sso_mfa"
)

// ByPasskey is a passkey as the whole log-in, of a kind of key: "hwk" or "swk" as in RFC 8176.
func ByPasskey(key factor.Kind) AuthSource { return passkeys + AuthSource(key) }

// passkeys begins the sources that are passkeys.
const passkeys AuthSource = "passkey "

// Word names the source in histories and metrics.
func (a AuthSource) Word() string {
	word, _, _ := strings.Cut(string(a), " ")
	return word
}

// methods returns the level of a session that begins so, and how it was proven: "pwd" as in RFC 8176.
func (a AuthSource) methods() (level int16, methods []string) {
	if key, ok := strings.CutPrefix(string(a), string(passkeys)); ok {
		return 2, []string{string(factor.Passkey), key}
	}
	switch a {
	case BySSOFactor:
		return 2, []string{string(BySSO), string(BySSOFactor)}
	case ByTrustedBrowser:
		return 2, []string{"pwd", string(ByTrustedBrowser)}
	case BySSO:
		return 1, []string{string(BySSO)}
	}
	return 1, []string{"pwd"}
}

// hasPassword reports whether the password was proven.
func (a AuthSource) hasPassword() bool { return a == ByPassword || a == ByTrustedBrowser }

// Start begins a session of a user in the transaction tx: a pending log-in where a second factor is demanded and by has
// not proven it. It returns account.ErrWrong when the password that the user proved is not theirs any more, or they
// were disabled meanwhile, and ErrCrowded for a pending log-in too many; whoever holds the user's row is counted alone.
func (s *Store) Start(
	ctx context.Context, tx pgx.Tx, user account.User, client Client, by AuthSource, demanded bool,
) (Session, Token, error) {
	token := NewToken()
	level, methods := by.methods()
	sess := Session{User: user, TwoFactorRequired: demanded, Level: int(level), Methods: methods}
	at := network.Of(client.Address)
	row, err := s.q.SessionInsert(ctx, tx, dbsqlc.SessionInsertParams{
		UserID: user.ID, TokenHash: token.Hash(), Level: level, Methods: methods, Address: client.Address,
		UserAgent: clip(client.UserAgent), ByPassword: by.hasPassword(), PasswordVersion: user.PasswordVersion,
		Pending: sess.Pending(), BrowserHash: client.Browser, Network: at.Host(), Site: at.Site(),
		Own: at.Own(), Newest: MaxLiving,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Session{}, "", s.whyNone(ctx, tx, sess, client, at)
	}
	if err != nil {
		return Session{}, "", fmt.Errorf("start a session of user %d: %w", user.ID, err)
	}
	sess.ID, sess.KnownBrowser = row.ID, row.KnownBrowser
	switch {
	case !row.Many:
		return sess, token, nil
	case sess.Pending():
		return sess, token, s.evictPending(ctx, tx, sess, client)
	}
	return sess, token, s.evictOldest(ctx, tx, sess, client, leastLevel(demanded))
}

// Adopt returns the pending log-in that the user has begun in this browser and in which a code is under way, with a new
// token, in the transaction tx of whoever holds the user's row and has just seen the password proven once more: a
// second click, or a user who began again, needs no second text. ErrNone when there is none.
func (s *Store) Adopt(ctx context.Context, tx pgx.Tx, user account.User, client Client) (Session, Token, error) {
	if len(client.Browser) == 0 {
		return Session{}, "", ErrNone
	}
	token := NewToken()
	_, methods := ByPassword.methods()
	row, err := s.q.SessionAdopt(ctx, tx, dbsqlc.SessionAdoptParams{
		UserID: user.ID, TokenHash: token.Hash(), BrowserHash: client.Browser, PasswordVersion: user.PasswordVersion,
		Methods: methods,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Session{}, "", ErrNone
	}
	if err != nil {
		return Session{}, "", fmt.Errorf("look for a log-in of user %d to go on with: %w", user.ID, err)
	}
	return Session{
		ID: row.ID, User: user, TwoFactorRequired: true, Level: 1, Methods: methods, KnownBrowser: row.KnownBrowser,
	}, token, nil
}

// ErrCrowded says that too many log-ins of a user have begun in new browsers at one network, in the last minute, and
// were not finished.
var ErrCrowded = fault.New(fault.Unavailable, "too many log-ins of this user were begun here and not finished")

// whyNone says why no session was made: ErrCrowded when it were one more pending log-in than may be, else
// account.ErrWrong.
func (s *Store) whyNone(ctx context.Context, tx pgx.Tx, sess Session, client Client, at network.Network) error {
	if !sess.Pending() {
		return account.ErrWrong
	}
	crowded, err := s.q.SessionCrowded(ctx, tx, dbsqlc.SessionCrowdedParams{
		UserID: sess.User.ID, BrowserHash: client.Browser, Network: at.Host(), Site: at.Site(), Own: at.Own(),
	})
	if err != nil {
		return fmt.Errorf("count the log-ins of user %d: %w", sess.User.ID, err)
	}
	if crowded {
		return ErrCrowded
	}
	return account.ErrWrong
}

// MaxLiving is how many sessions of one user live at once; with one more the oldest ends (ASVS 7.1.2). As many log-ins
// may be pending beside them in known browsers, and as many in new ones: the password alone cannot end the session of
// the user who proved both, nor the log-in that they have begun in a browser of theirs.
const MaxLiving = 20

// leastLevel returns the level of a session that may do something.
func leastLevel(demanded bool) int16 {
	if demanded {
		return 2
	}
	return 1
}

// evictOldest ends the oldest sessions of a user, of at least the level least, before the session keep makes more than
// MaxLiving.
func (s *Store) evictOldest(ctx context.Context, tx pgx.Tx, keep Session, client Client, least int16) error {
	oldest, err := s.q.SessionOldest(ctx, tx, dbsqlc.SessionOldestParams{
		UserID: keep.User.ID, Keep: keep.ID, Low: least, High: 2, Newest: MaxLiving - 1,
	})
	if err != nil {
		return fmt.Errorf("look for too many sessions of user %d: %w", keep.User.ID, err)
	}
	return s.evict(ctx, tx, keep, client, oldest)
}

// evictPending ends pending log-ins of a user before the session keep makes more than MaxLiving of its kind: those of
// known browsers displace their like, and those of strangers theirs, the most crowded network first.
func (s *Store) evictPending(ctx context.Context, tx pgx.Tx, keep Session, client Client) error {
	oldest, err := s.q.PendingOldest(ctx, tx, dbsqlc.PendingOldestParams{
		UserID: keep.User.ID, Keep: keep.ID, KnownBrowser: keep.KnownBrowser, Newest: MaxLiving - 1,
	})
	if err != nil {
		return fmt.Errorf("look for too many log-ins of user %d: %w", keep.User.ID, err)
	}
	return s.evict(ctx, tx, keep, client, oldest)
}

func (s *Store) evict(ctx context.Context, tx pgx.Tx, keep Session, client Client, ids []int64) error {
	for _, id := range ids {
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
