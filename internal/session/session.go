// Package session keeps signed-in browsers: started by a password, raised by a second factor, ended by
// log-out, by idle time or by the overall limit, all judged by the database's clock.
//
// The rule it protects: a session is never treated as stronger than it was proven. Load reads what the
// office demands together with what the session has, on every request; a session of one factor in an
// office that demands two is a pending log-in (Session.Pending) and reaches its second step alone.
package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// Overall limits (NIST SP 800-63B-4 §2.2.3 allows 24 h). The idle limits stand in SessionLoad's query.
const (
	lifePending   = 10 * time.Minute
	lifeUser      = 12 * time.Hour
	lifeSuperuser = 8 * time.Hour
	// Fresh is how long a proof counts as fresh.
	Fresh = 10 * time.Minute
)

// ErrNone says that a token belongs to no living session.
var ErrNone = errors.New("no such session")

// Token is what the cookie carries: 256 random bits. The database has only its hash.
type Token string

// tokenSize is 256 bits; ASVS 7.2.3 asks for 128.
const tokenSize = 32

// NewToken draws a token.
func NewToken() Token {
	raw := make([]byte, tokenSize)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
	return Token(base64.RawURLEncoding.EncodeToString(raw))
}

// Hash is the SHA-256 of the token, by which it is looked up; nil when it cannot be one of ours.
func (t Token) Hash() []byte {
	raw, err := base64.RawURLEncoding.DecodeString(string(t))
	if err != nil || len(raw) != tokenSize {
		return nil
	}
	sum := sha256.Sum256(raw)
	return sum[:]
}

// Method is how a factor was proven, in the words of RFC 8176 where it has one.
type Method string

// The second factors.
const (
	MethodSMS      Method = "sms"
	MethodApp      Method = "otp"
	MethodRecovery Method = "recovery"
)

// Client is the browser a request comes from.
type Client struct {
	Address   string // IP address
	UserAgent string
	Browser   []byte // hash of the browser's own cookie; nil when it has none
	Language  string // of the pages it is shown; "" when that is not known
}

// Session is a living session with what its user may do now.
type Session struct {
	ID                int64
	User              account.User
	OfficeCode        string
	OfficeName        string
	TwoFactorRequired bool // what the office demands now
	PasswordTooShort  bool // to stand alone, as it must now: it has to be changed before anything else
	Level             int  // factors proven: 1 or 2
	Methods           []string
	PasswordAt        time.Time
	SecondFactorAt    time.Time // zero when there was none
	CreatedAt         time.Time
	Now               time.Time // the database's clock at this request
	ToTouch           bool      // not seen for a minute: see Touch
}

// Pending reports whether the second step is still to be done: nothing else may be reached.
func (s Session) Pending() bool { return s.TwoFactorRequired && s.Level < 2 }

// FreshFactor reports whether the second factor was proven in the last ten minutes.
// A provider's second factor never does: nobody here saw it, and what needs a fresh proof needs one of ours.
func (s Session) FreshFactor() bool {
	return !s.SecondFactorAt.IsZero() && s.Now.Sub(s.SecondFactorAt) < Fresh && !slices.Contains(s.Methods, string(BySSOFactor))
}

// FreshPassword reports whether the password was proven in the last ten minutes.
func (s Session) FreshPassword() bool { return s.Now.Sub(s.PasswordAt) < Fresh }

// Event begins an audit event of what this session's user does.
func (s Session) Event(action audit.Action, client Client) audit.Event {
	return audit.Event{Office: s.User.OfficeID, Actor: s.User.Person(), Action: action, Address: client.Address}
}

// Store keeps sessions.
type Store struct {
	pool *db.Pool
	q    *dbsqlc.Queries
	log  *audit.Log
}

// NewStore makes the Store.
func NewStore(pool *db.Pool, log *audit.Log) *Store { return &Store{pool, dbsqlc.New(), log} }

// Load answers the living session of a token, or ErrNone. It is one statement and writes nothing.
func (s *Store) Load(ctx context.Context, token Token) (Session, error) {
	hash := token.Hash()
	if hash == nil {
		return Session{}, ErrNone
	}
	r, err := s.q.SessionLoad(ctx, s.pool, hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return Session{}, ErrNone
	}
	if err != nil {
		return Session{}, fmt.Errorf("load session: %w", err)
	}
	sess := Session{
		ID:         r.ID,
		User:       account.User{ID: r.UserID, OfficeID: r.OfficeID, Username: r.Username, Name: r.Name, Role: account.Role(r.Role), Language: r.Language},
		OfficeCode: r.OfficeCode, OfficeName: r.OfficeName, TwoFactorRequired: r.TwoFactorRequired, PasswordTooShort: r.PasswordTooShort,
		Level: int(r.Level), Methods: r.Methods, PasswordAt: r.PasswordAt, CreatedAt: r.CreatedAt, Now: r.Now, ToTouch: r.ToTouch,
	}
	if r.SecondFactorAt != nil {
		sess.SecondFactorAt = *r.SecondFactorAt
	}
	return sess, nil
}

// Touch says that the user was here: at most one write a minute, and none for a pending log-in, whose
// ten minutes are absolute.
func (s *Store) Touch(ctx context.Context, sess Session) error {
	if !sess.ToTouch || sess.Pending() {
		return nil
	}
	if err := s.q.SessionTouch(ctx, s.pool, sess.ID); err != nil {
		return fmt.Errorf("touch session %d: %w", sess.ID, err)
	}
	return nil
}

// Start begins a session of one factor in the transaction tx; pending when a second is demanded.
func (s *Store) Start(ctx context.Context, tx pgx.Tx, user account.User, client Client, pending bool) (int64, Token, error) {
	life := overall(user.Role)
	if pending {
		life = lifePending
	}
	token := NewToken()
	id, err := s.q.SessionInsert(ctx, tx, dbsqlc.SessionInsertParams{
		UserID: user.ID, TokenHash: token.Hash(), Address: client.Address, UserAgent: clip(client.UserAgent), Life: life,
	})
	if err != nil {
		return 0, "", fmt.Errorf("start session: %w", err)
	}
	if err := s.displace(ctx, tx, user, client, id, pending, 1); err != nil {
		return 0, "", err
	}
	return id, token, nil
}

// Raise makes it a session of two factors, with a new token, in the transaction that consumed the proof.
// ErrNone when the session ended meanwhile.
func (s *Store) Raise(ctx context.Context, tx pgx.Tx, sess Session, method Method) (Token, error) {
	if err := s.displace(ctx, tx, sess.User, Client{}, sess.ID, false, leastLevel(sess.TwoFactorRequired)); err != nil {
		return "", err
	}
	token := NewToken()
	n, err := s.q.SessionRaise(ctx, tx, dbsqlc.SessionRaiseParams{
		ID: sess.ID, TokenHash: token.Hash(), Method: string(method), Life: overall(sess.User.Role),
	})
	if err != nil {
		return "", fmt.Errorf("raise session %d: %w", sess.ID, err)
	}
	if n == 0 {
		return "", ErrNone
	}
	return token, nil
}

// ProvePassword notes a password proven once more, with a new token. ErrNone when the session ended meanwhile.
func (s *Store) ProvePassword(ctx context.Context, sess Session) (Token, error) {
	token := NewToken()
	n, err := s.q.SessionPasswordProven(ctx, s.pool, dbsqlc.SessionPasswordProvenParams{ID: sess.ID, TokenHash: token.Hash()})
	if err != nil {
		return "", fmt.Errorf("note the password of session %d: %w", sess.ID, err)
	}
	if n == 0 {
		return "", ErrNone
	}
	return token, nil
}

// RememberBrowser notes, in the transaction that completed a log-in, that this browser is known for the user.
func (s *Store) RememberBrowser(ctx context.Context, tx pgx.Tx, userID int64, client Client) error {
	if len(client.Browser) == 0 {
		return nil
	}
	if err := s.q.KnownBrowserPut(ctx, tx, dbsqlc.KnownBrowserPutParams{UserID: userID, BrowserHash: client.Browser}); err != nil {
		return fmt.Errorf("remember the browser of user %d: %w", userID, err)
	}
	return nil
}

// End ends one session of the acting session's own user, with what it had under way: ErrNone when the user has no such session.
func (s *Store) End(ctx context.Context, acting Session, id int64, client Client) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// Its live challenge first: the code must not be sent, nor kept, any more.
		err := s.q.ChallengeEndOfSession(ctx, tx, dbsqlc.ChallengeEndOfSessionParams{SessionID: id, Outcome: "abandoned"})
		if err != nil {
			return fmt.Errorf("abandon the challenge of session %d: %w", id, err)
		}
		n, err := s.q.SessionEnd(ctx, tx, dbsqlc.SessionEndParams{ID: id, UserID: acting.User.ID})
		if err != nil {
			return fmt.Errorf("end session %d: %w", id, err)
		}
		if n == 0 {
			return ErrNone // another user's: the transaction takes everything back
		}
		action := audit.SessionEnded
		if id == acting.ID {
			action = audit.LoggedOut
		}
		return s.log.Write(ctx, tx, acting.Event(action, client))
	})
}

// EndOthers ends every session of a user but one (0: every one), in the transaction of what demands it.
func (s *Store) EndOthers(ctx context.Context, tx pgx.Tx, userID, but int64) error {
	if err := s.q.ChallengeEndOfUser(ctx, tx, dbsqlc.ChallengeEndOfUserParams{UserID: userID, But: but, Outcome: "abandoned"}); err != nil {
		return fmt.Errorf("abandon challenges of user %d: %w", userID, err)
	}
	if _, err := s.q.SessionEndOfUser(ctx, tx, dbsqlc.SessionEndOfUserParams{UserID: userID, But: but}); err != nil {
		return fmt.Errorf("end sessions of user %d: %w", userID, err)
	}
	return nil
}

// Entry is a session as its user sees it in the list.
type Entry struct {
	ID         int64
	Methods    []string
	Address    string
	UserAgent  string
	CreatedAt  time.Time
	LastSeenAt time.Time
}

// List answers the living sessions of the acting session's user, at most 100, the last seen first.
func (s *Store) List(ctx context.Context, acting Session) ([]Entry, error) {
	rows, err := s.q.SessionList(ctx, s.pool, dbsqlc.SessionListParams{UserID: acting.User.ID, Level: leastLevel(acting.TwoFactorRequired)})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	entries := make([]Entry, len(rows))
	for i, r := range rows {
		entries[i] = Entry{r.ID, r.Methods, r.Address, r.UserAgent, r.CreatedAt, r.LastSeenAt}
	}
	return entries, nil
}

func overall(r account.Role) time.Duration {
	if r == account.RoleSuperuser || r == account.RoleOperator {
		return lifeSuperuser
	}
	return lifeUser
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
