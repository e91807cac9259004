// Package twofactor is the second step: what a user can prove it with, the challenge that demands a
// proof, and what a right or a wrong proof does.
//
// The rules it protects: a try is charged, and committed, before the proof is looked at; a proof serves
// once; a challenge belongs to the session it was made in; and a half-finished log-in can finish, or
// enrol a user who has no factor yet, and nothing else. Start at Begin, then Verify.
package twofactor

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
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Outbox queues the message of a challenge in the transaction that made it; urgent ones go before all others.
type Outbox interface {
	SendCode(ctx context.Context, tx pgx.Tx, challengeID int64, sendNo int, urgent bool) error
}

var (
	// ErrNotACode says that what was typed is not six digits (or not a recovery code): nothing was counted.
	ErrNotACode = errors.New("not a code")
	// ErrOver says that there is nothing to prove here any more: used, replaced, expired, out of tries, or
	// the session ended.
	ErrOver = errors.New("this challenge is over")
	// ErrNotAllowed says that the session may not do this: the wrong role, or a half-finished log-in.
	ErrNotAllowed = errors.New("not allowed")
	// ErrNotFresh says that the present factor (or the password, see Fresh) must be proven again first.
	ErrNotFresh = errors.New("no fresh proof")
	// ErrHasFactor says that the user has a confirmed factor, so that this number or app cannot be added so.
	ErrHasFactor = errors.New("the user has a confirmed factor")
	// ErrLastFactor says that the office demands a factor and this is the user's last.
	ErrLastFactor = errors.New("the last factor of a user whose office demands one")
)

// Wrong is a wrong proof. At Left 0 the challenge is over, and a pending log-in with it.
type Wrong struct{ Left int }

func (w *Wrong) Error() string { return fmt.Sprintf("wrong code, %d tries left", w.Left) }

// Wait says that ten proofs in a row were wrong: nothing is compared, and nothing sent, before Until.
// Until is zero when only a superuser's reset helps (a hundred in a row, NIST SP 800-63B-4 §3.2.2) or, with Recovery, a
// recovery code as well (twenty in a day, or a hundred in thirty days from browsers that never got in).
type Wait struct {
	Recovery bool
	Until    time.Time
	For      time.Duration
}

func (w *Wait) Error() string { return "too many wrong codes in a row" }

// TooSoon says how long a new message is still to be waited for.
type TooSoon struct{ For time.Duration }

func (t *TooSoon) Error() string { return fmt.Sprintf("resend in %s", t.For) }

// Service is the second step of all users.
type Service struct {
	pool     *db.Pool
	q        *dbsqlc.Queries
	keys     *keys.Ring
	sessions *session.Store
	outbox   Outbox
	log      *audit.Log
	now      func() time.Time
	product  string
	told     office.Superusers // nil: see Telling
	mailer   Mailer            // nil: see WithMail
}

// New makes the Service. now serves time-based codes alone: everything else is judged by the database's
// clock. product is the issuer that authenticator apps show.
func New(pool *db.Pool, ring *keys.Ring, sessions *session.Store, outbox Outbox, log *audit.Log, now func() time.Time, product string) *Service {
	return &Service{pool: pool, q: dbsqlc.New(), keys: ring, sessions: sessions, outbox: outbox, log: log, now: now, product: product}
}

// Methods is what a user can prove the second step with.
type Methods struct {
	Number        *phone.Number // the mobile number on file, confirmed or not
	Confirmed     bool          // of Number
	Authenticator bool
	RecoveryCodes int // unused ones
}

// HasFactor reports whether a confirmed factor exists. An unconfirmed number is none.
func (m Methods) HasFactor() bool { return m.Authenticator || m.Confirmed }

// Unconfirmed is the number to be confirmed at the log-in, or nil: it is never offered beside a confirmed factor.
func (m Methods) Unconfirmed() *phone.Number {
	if m.HasFactor() {
		return nil
	}
	return m.Number
}

// SMS is the number that codes may be sent to, or nil.
func (m Methods) SMS() *phone.Number {
	if !m.Confirmed {
		return nil
	}
	return m.Number
}

// Methods answers what a user has.
func (s *Service) Methods(ctx context.Context, userID int64) (Methods, error) {
	return s.methods(ctx, s.pool, userID)
}

func (s *Service) methods(ctx context.Context, tx dbsqlc.DBTX, userID int64) (Methods, error) {
	var m Methods
	number, err := s.q.MobileNumberByUser(ctx, tx, userID)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return Methods{}, fmt.Errorf("read the number of user %d: %w", userID, err)
	default:
		m.Number = &phone.Number{E164: number.Number, Country: phone.Country(number.Country)}
		m.Confirmed = number.ConfirmedAt != nil
	}
	_, err = s.q.AuthenticatorByUser(ctx, tx, userID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Methods{}, fmt.Errorf("read the authenticator of user %d: %w", userID, err)
	}
	m.Authenticator = err == nil
	left, err := s.q.RecoveryCodeCount(ctx, tx, userID)
	if err != nil {
		return Methods{}, fmt.Errorf("count the recovery codes of user %d: %w", userID, err)
	}
	m.RecoveryCodes = int(left)
	return m, nil
}

// MostUsed answers the six most used countries of this installation, the most used first.
func (s *Service) MostUsed(ctx context.Context) ([]phone.Country, error) {
	return office.MostUsed(ctx, s.pool)
}

// Fresh reports whether the session may change its user's own factors: the present factor proven in the
// last ten minutes or, for who has none, the password.
func Fresh(sess session.Session, m Methods) bool {
	if m.HasFactor() {
		return sess.FreshFactor()
	}
	return sess.FreshPassword()
}

// FreshForOthers reports whether a superuser may reset another user's factors: their own second factor
// in the last ten minutes or, where the office demands none, the password.
func FreshForOthers(sess session.Session) bool {
	if sess.TwoFactorRequired {
		return sess.FreshFactor()
	}
	return sess.FreshPassword() || sess.FreshFactor()
}

// lockUser holds the user's row, so that two changes of factors never cross.
func (s *Service) lockUser(ctx context.Context, tx pgx.Tx, officeID, userID int64) (account.User, error) {
	r, err := s.q.UserLock(ctx, tx, dbsqlc.UserLockParams{OfficeID: officeID, ID: userID})
	if errors.Is(err, pgx.ErrNoRows) {
		return account.User{}, account.ErrUnknown
	}
	if err != nil {
		return account.User{}, fmt.Errorf("lock user %d: %w", userID, err)
	}
	return account.User{ID: r.ID, OfficeID: r.OfficeID, Username: r.Username, Name: r.Name, Role: account.Role(r.Role)}, nil
}
