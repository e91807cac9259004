// Package twofactor is the second step over all kinds of factor: the challenge that demands a proof, what a right or a
// wrong proof does, and how factors are enrolled, removed and reset.
//
// The rules it protects: a try is charged, and committed, before the proof is looked at; a proof serves once; what it
// may do is judged when it is consumed, by the table in judge.go; a challenge belongs to the session it was made in;
// and a pending log-in can finish, or enrol a user who has no factor yet, and nothing else. Start at Begin, then Prove.
package twofactor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/factor/recovery"
	"github.com/nightlatch/nightlatch/internal/factor/sms"
	"github.com/nightlatch/nightlatch/internal/factor/totp"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Outbox queues the message of a challenge in the transaction that made it; urgent ones go before all others.
type Outbox interface {
	SendCode(ctx context.Context, tx pgx.Tx, challengeID int64, sendNo int, urgent bool) error
}

var (
	// ErrNotACode says that what was typed cannot be a proof of its kind (not six digits, no recovery code): nothing was
	// counted.
	ErrNotACode = fault.New(fault.Invalid, "not a code")
	// ErrOver says that there is nothing to prove here any more: used, replaced, expired, out of tries, or the session
	// ended.
	ErrOver = factor.ErrOver
	// ErrNotAllowed says that the session may not do this: the wrong role, or a pending log-in.
	ErrNotAllowed = fault.Forbidden
	// ErrHasFactor says that the user has a factor, so that this one cannot be added so.
	ErrHasFactor = factor.ErrHasFactor
	// ErrFactorElsewhere says that the user's second factor is at the office's provider, where they log in: the password
	// alone leads to no other.
	ErrFactorElsewhere = fault.New(fault.Conflict, "the second factor is at the office's provider")
	// ErrLastFactor says that a factor is demanded of the user, and this is the last.
	ErrLastFactor = fault.New(fault.Conflict, "the last factor of a user of whom one is demanded")
)

// Wrong is a wrong proof. At Left 0 the challenge is over, and a pending log-in with it.
type Wrong struct {
	Left  int
	Clock time.Duration // see factor.Try
}

func (w *Wrong) Error() string { return fmt.Sprintf("wrong code, %d tries left", w.Left) }

// Wait says that too many proofs were wrong: nothing is compared, and nothing sent, before Until.
type Wait struct {
	Lock     factor.Lock
	Until    time.Time // with factor.LockWait
	For      time.Duration
	Stranger bool // in new browsers alone: known ones are served, and a new password ends it
}

func (w *Wait) Error() string { return "too many wrong codes: " + string(w.Lock) }

// TooSoon says how long a new message is still to be waited for.
type TooSoon struct{ For time.Duration }

func (t *TooSoon) Error() string { return fmt.Sprintf("resend in %s", t.For) }

// Service is the second step of all users.
type Service struct {
	pool     *db.Pool
	q        *dbsqlc.Queries
	sessions *session.Store
	outbox   Outbox
	log      *audit.Log
	ways     *account.Ways
	keys     *keys.Ring

	factors  []factor.Factor // in the order in which they are offered
	codes    *sms.SMS
	app      *totp.App
	recovery *recovery.Recovery
}

// New returns the Service, with the kinds of factor that every installation has and, before them, more. now serves
// time-based codes alone: everything else is judged by the database's clock. product is the issuer that authenticator
// apps show.
func New(
	pool *db.Pool, ring *keys.Ring, sessions *session.Store, outbox Outbox, ways *account.Ways, log *audit.Log,
	now func() time.Time, product string, more ...factor.Factor,
) *Service {
	s := &Service{
		pool: pool, q: dbsqlc.New(), sessions: sessions, outbox: outbox, log: log, ways: ways, keys: ring,
		codes: sms.New(ring), app: totp.New(pool, ring, now, product), recovery: recovery.New(ring),
	}
	s.factors = append(slices.Clone(more), s.app, s.codes, s.recovery)
	return s
}

// Kinds returns the kinds of factor, in the order in which they are offered.
func (s *Service) Kinds() []factor.Factor { return s.factors }

// Offers reports whether this installation has a kind.
func (s *Service) Offers(kind factor.Kind) bool {
	_, err := s.kind(kind)
	return err == nil
}

// kind returns a kind by its name; fault.NotFound when there is none.
func (s *Service) kind(kind factor.Kind) (factor.Factor, error) {
	for _, f := range s.factors {
		if f.Kind() == kind {
			return f, nil
		}
	}
	return nil, fault.NotFound
}

// set returns what a user has; of the user of a session, see there.
func (s *Service) set(ctx context.Context, tx dbsqlc.DBTX, userID int64) (factor.Set, error) {
	rows, err := s.q.FactorsOfUser(ctx, tx, userID)
	if err != nil {
		return nil, fmt.Errorf("read the factors of user %d: %w", userID, err)
	}
	return factor.ParseSet(rows)
}

// MostUsed returns the six countries that stand first where a user of an office enters a number: those of its own
// confirmed numbers, then of the installation's, filled up with the usual ones.
func (s *Service) MostUsed(ctx context.Context, officeID int64) ([]phone.Country, error) {
	rows, err := s.q.MobileNumberCountries(ctx, s.pool, officeID)
	if err != nil {
		return nil, fmt.Errorf("count the countries in use: %w", err)
	}
	counted := make([]phone.Country, len(rows))
	for i, r := range rows {
		counted[i] = phone.Country(r)
	}
	return phone.MostUsed(counted), nil
}

// lock holds the user's row, so that two changes of factors never cross, and reads the session and the factors again
// behind it: what the request was let in with may be over by now. It returns ErrOver when the session ended.
func (s *Service) lock(ctx context.Context, tx pgx.Tx, sess session.Session) (session.Session, error) {
	if _, err := s.lockUser(ctx, tx, sess.User.OfficeID, sess.User.ID); err != nil {
		return session.Session{}, err
	}
	now, err := s.sessions.Refresh(ctx, tx, sess)
	if errors.Is(err, session.ErrNone) {
		return session.Session{}, ErrOver
	}
	return now, err
}

// lockUser holds the row of a user of an office (0: an operator): account.ErrUnknown when there is none.
func (s *Service) lockUser(ctx context.Context, tx pgx.Tx, officeID, userID int64) (account.User, error) {
	r, err := s.q.UserLock(ctx, tx, dbsqlc.UserLockParams{OfficeID: officeID, ID: userID})
	if errors.Is(err, pgx.ErrNoRows) {
		return account.User{}, account.ErrUnknown
	}
	if err != nil {
		return account.User{}, fmt.Errorf("lock user %d: %w", userID, err)
	}
	return account.User{
		ID: r.ID, OfficeID: r.OfficeID, Username: r.Username, Name: r.Name, Role: account.Role(r.Role),
	}, nil
}

func owner(sess session.Session) factor.Owner {
	return factor.Owner{
		UserID: sess.User.ID, OfficeID: sess.User.OfficeID, SessionID: sess.ID, Username: sess.User.Username,
		Office: sess.OfficeCode,
	}
}
