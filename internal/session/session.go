// Package session keeps signed-in browsers: started by a password or single sign-on, raised by a second factor, ended
// by log-out, by idle time, by the overall limit or by what took their proof away, all judged by the database's clock.
//
// The rule it protects: a session is never treated as stronger than it was proven. Load reads what is demanded of its
// user together with what the session has, on every request; a session of one factor where two are demanded is a
// pending log-in (Session.Pending) and reaches its second step alone. What is alive is said once, by the view
// living_sessions. Sessions begin in Store.Start and end in Store.End, and nowhere else.
package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/network"
)

// ErrNone says that a token or an id belongs to no living session.
var ErrNone = fault.New(fault.Ended, "no such session")

// Client is the browser a request comes from.
type Client struct {
	Address   string // IP address
	UserAgent string
	Browser   []byte   // hash of the browser's own cookie; nil when it has none
	Trust     [][]byte // hashes of what it keeps of the users who trust it
	Language  string   // of the pages it is shown, or "" when that is not known
	Zone      string   // the IANA name of its time zone, or "" when that is not known
}

// Origin is the client as mails and histories tell it.
func (c Client) Origin() account.Origin {
	return account.Origin{Address: c.Address, UserAgent: c.UserAgent, Browser: c.Browser, Language: c.Language}
}

// Session is a living session with what its user may do now.
type Session struct {
	ID                int64
	User              account.User
	OfficeCode        string
	OfficeName        string
	TwoFactorRequired bool       // a second factor is demanded of its user now
	WordOwed          bool       // a reset made a word that this session has not given: no factor is enrolled without it
	PasswordTooShort  bool       // to stand alone, as it must now: it has to be changed before anything else
	PasskeyOwed       bool       // its office asks superusers for a passkey: one has to be made before anything else
	Factors           factor.Set // what its user has
	FactorElsewhere   bool       // it is at the office's provider, which the office trusts for both, and none is here
	Level             int        // factors proven: 1 or 2
	Methods           []string
	PasswordAt        time.Time
	SecondFactorAt    time.Time // zero when there was none
	CreatedAt         time.Time
	Now               time.Time // the database's clock at this request
	ToTouch           bool      // not seen for a minute: see Touch
	TrustDays         int       // for so long its user may trust a browser, 0 where their office allows none
	HasKeptAnswer     bool      // to the last form of its token: see package replay
	SeenAt            time.Time
	ExpiresAt         time.Time     // whatever happens in it
	IdleLimit         time.Duration // without a request it ends after so long
	// KnownBrowser reports whether the session has proven two factors, or began in a browser in which its user had done
	// so before, whatever the office demands. Whoever has no more than the password has only other browsers.
	KnownBrowser bool
	// Limited: a superuser let it in for the day without the second factor. It ends at ExpiresAt, and may do little.
	Limited bool
	// CoolingUntil is when its user may change users, numbers and settings again, since a factor of theirs was changed
	// or reset; zero when that is now.
	CoolingUntil time.Time
}

// Pending reports whether the second step is still to be done: nothing else may be reached.
func (s Session) Pending() bool { return s.TwoFactorRequired && s.Level < 2 }

// Left is how long the session lives from Now on, and whether nothing prolongs that.
func (s Session) Left() (left time.Duration, last bool) {
	most, idle := s.ExpiresAt.Sub(s.Now), s.SeenAt.Add(s.IdleLimit).Sub(s.Now)
	return min(most, idle), most <= idle
}

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

// NewStore returns a Store.
func NewStore(pool *db.Pool, log *audit.Log) *Store { return &Store{pool, dbsqlc.New(), log} }

// Load returns the living session of a token, or ErrNone. It is one statement and writes nothing, but in the first
// request of a session that a date has made a pending log-in: what was under way in it ends then (Demote).
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
	if r.ToDemote {
		if err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error { return demote(ctx, tx, r.OfficeID, r.ID) }); err != nil {
			return Session{}, err
		}
	}
	factors, err := factor.ParseSet(r.Factors)
	if err != nil {
		return Session{}, err
	}
	return Session{
		ID: r.ID,
		User: account.User{
			ID: r.UserID, OfficeID: r.OfficeID, Username: r.Username, Name: r.Name, Role: account.Role(r.Role),
			Language: r.Language,
		},
		OfficeCode: r.OfficeCode, OfficeName: r.OfficeName, TwoFactorRequired: r.Demanded,
		PasswordTooShort: r.PasswordTooShort, PasskeyOwed: r.PasskeyOwed, Factors: factors, Level: int(r.Level),
		Methods:    r.Methods,
		PasswordAt: r.PasswordAt, SecondFactorAt: orZero(r.SecondFactorAt), CreatedAt: r.CreatedAt, Now: r.Now,
		ToTouch: r.ToTouch, SeenAt: r.LastSeenAt, ExpiresAt: r.ExpiresAt, IdleLimit: r.IdleLimit,
		KnownBrowser: r.KnownBrowser, WordOwed: r.WordOwed, HasKeptAnswer: r.HasKeptAnswer,
		TrustDays: int(r.TrustDays),
		Limited:   r.Limited, CoolingUntil: zeroAtEpoch(r.CoolingUntil),
	}, nil
}

// Refresh returns the session as it is at this moment, in the transaction tx of whoever holds its user's row: what was
// loaded when the request began may be over, demanded or removed by now. ErrNone when it ended.
func (s *Store) Refresh(ctx context.Context, tx pgx.Tx, sess Session) (Session, error) {
	return refresh(ctx, s.q, tx, sess)
}

func refresh(ctx context.Context, q *dbsqlc.Queries, tx pgx.Tx, sess Session) (Session, error) {
	r, err := q.SessionStanding(ctx, tx, dbsqlc.SessionStandingParams{ID: sess.ID, UserID: sess.User.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return Session{}, ErrNone
	}
	if err != nil {
		return Session{}, fmt.Errorf("read session %d once more: %w", sess.ID, err)
	}
	if sess.Factors, err = factor.ParseSet(r.Factors); err != nil {
		return Session{}, err
	}
	sess.Level, sess.Methods, sess.TwoFactorRequired = int(r.Level), r.Methods, r.Demanded
	sess.User.Role = account.Role(r.Role)
	sess.PasswordAt, sess.SecondFactorAt, sess.Now = r.PasswordAt, orZero(r.SecondFactorAt), r.Now
	sess.KnownBrowser, sess.WordOwed = r.KnownBrowser, r.WordOwed
	sess.FactorElsewhere, sess.Limited, sess.CoolingUntil = r.FactorElsewhere, r.Limited, zeroAtEpoch(r.CoolingUntil)
	return sess, nil
}

// Touch notes that the user was here: at most one write a minute, and none for a pending log-in, whose ten minutes are
// absolute.
func (s *Store) Touch(ctx context.Context, sess Session) error {
	if !sess.ToTouch || sess.Pending() {
		return nil
	}
	if err := s.q.SessionTouch(ctx, s.pool, sess.ID); err != nil {
		return fmt.Errorf("touch session %d: %w", sess.ID, err)
	}
	return nil
}

// Raise makes it a session of two factors, with a new token, in the transaction that consumed the proof.
// ErrNone when the session ended meanwhile.
func (s *Store) Raise(ctx context.Context, tx pgx.Tx, sess Session, kind factor.Kind) (Token, error) {
	token := NewToken()
	many, err := s.q.SessionRaise(ctx, tx, dbsqlc.SessionRaiseParams{
		ID: sess.ID, TokenHash: token.Hash(), Method: string(kind), Newest: MaxLiving,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrNone
	}
	if err != nil {
		return "", fmt.Errorf("raise session %d: %w", sess.ID, err)
	}
	if many {
		err = s.evictOldest(ctx, tx, sess, Client{}, leastLevel(sess.TwoFactorRequired))
	}
	return token, err
}

// ProvePassword notes a password proven once more, with a new token. ErrNone when the session ended meanwhile.
func (s *Store) ProvePassword(ctx context.Context, sess Session) (Token, error) {
	token := NewToken()
	n, err := s.q.SessionPasswordProven(ctx, s.pool, dbsqlc.SessionPasswordProvenParams{ID: sess.ID,
		TokenHash: token.Hash()})
	if err != nil {
		return "", fmt.Errorf("note the password of session %d: %w", sess.ID, err)
	}
	if n == 0 {
		return "", ErrNone
	}
	return token, nil
}

// RememberBrowser notes, in the transaction that completed a log-in, that this browser is known for the user, by as
// much as the session has proven, in which time zone it is, and that somebody came in from its network: an office's,
// behind which many people mistype on a Monday.
func (s *Store) RememberBrowser(ctx context.Context, tx pgx.Tx, sess Session, client Client) error {
	known := dbsqlc.LogInRememberParams{
		UserID: sess.User.ID, TimeZone: client.Zone, BrowserHash: client.Browser,
		Level: int16(sess.Level), //nolint:gosec // 1 or 2
	}
	if client.Browser == nil {
		known.BrowserHash = []byte{}
	}
	if at := network.Of(client.Address); !at.Own() {
		known.Network, known.Site = at.Host(), at.Site()
	}
	err := s.q.LogInRemember(ctx, tx, known)
	if err != nil {
		return fmt.Errorf("remember the browser of user %d: %w", sess.User.ID, err)
	}
	return nil
}

func orZero(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

// zeroAtEpoch reads what SQL says in the place of nothing.
func zeroAtEpoch(at time.Time) time.Time {
	if at.Unix() == 0 {
		return time.Time{}
	}
	return at
}
