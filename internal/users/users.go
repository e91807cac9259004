// Package users is an office's users in the hands of its superuser: made, changed, disabled, deleted,
// brought in and taken out as a file, and logged out.
//
// The rules it protects: nobody acts on another office, nor gives a role above their own; what changes a
// user needs a fresh proof of the superuser's own; a change of role and a disabling end the user's sessions
// in their own transaction; and the last superuser who can log in stays (a rule of the database). Start at
// Service.act, through which all of it goes.
package users

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

var (
	// ErrLastSuperuser says that the office would be left without a superuser who can log in.
	ErrLastSuperuser = fault.New(fault.Conflict, "the last superuser of an office")
	// ErrYourself says that a superuser may not do this to themselves.
	ErrYourself = fault.New(fault.Forbidden, "not to oneself")
	// ErrTaken says that the office has a user of this username.
	ErrTaken = fault.New(fault.Conflict, "the username is taken")
)

// Problem is why a user cannot be made or changed as asked: the catalogue's key roster.<problem>.
type Problem string

// The problems of a user's fields.
const (
	BadUsername Problem = "bad_username"
	BadName     Problem = "bad_name"
	BadEmail    Problem = "bad_email"
	NoEmail     Problem = "no_email" // a new user is invited there
	BadRole     Problem = "bad_role"
	HigherRole  Problem = "higher_role"
)

func (p Problem) Error() string { return "a user refused: " + string(p) }

// Problems are all that is wrong with what was typed, at most one for each field.
type Problems []Problem

func (p Problems) Error() string { return errors.Join(p.Unwrap()...).Error() }

// Unwrap returns each of them.
func (p Problems) Unwrap() []error {
	all := make([]error, len(p))
	for i, one := range p {
		all[i] = one
	}
	return all
}

// err returns the problems as an error, nil when there is none.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// first returns the first of them, or "".
func (p Problems) first() Problem {
	if len(p) == 0 {
		return ""
	}
	return p[0]
}

// Service serves the users of all offices.
type Service struct {
	pool     *db.Pool
	q        *dbsqlc.Queries
	sessions *session.Store
	ways     *account.Ways
	numbers  Numbers
	log      *audit.Log
}

// Numbers registers a user's number, in the transaction of whoever has asked whether that may be done.
type Numbers interface {
	RegisterNumberTx(ctx context.Context, tx pgx.Tx, now session.Session, client session.Client, userID int64,
		number phone.Number) error
}

// New returns the Service.
func New(pool *db.Pool, sessions *session.Store, ways *account.Ways, numbers Numbers, log *audit.Log) *Service {
	return &Service{pool, dbsqlc.New(), sessions, ways, numbers, log}
}

// The acts on users: what changes one needs a step-up, and what ends sessions needs none, since in need it must be
// quick.
var (
	changing = session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}
	quick    = session.Act{Role: account.RoleSuperuser}
	asking   = session.Act{Role: account.RoleAccountant}
)

// act runs do in one transaction, behind every other change of the same office: see session.ActingTx.
func (s *Service) act(ctx context.Context, sess session.Session, act session.Act, do func(tx pgx.Tx) error) error {
	err := session.ActingTx(ctx, s.pool, sess, act, func(tx pgx.Tx, _ session.Session) error { return do(tx) })
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.ConstraintName == "office_keeps_a_superuser" {
		return ErrLastSuperuser
	}
	return err
}

// lock holds a user of the session's office: account.ErrUnknown when it has none of this id.
func (s *Service) lock(ctx context.Context, tx pgx.Tx, sess session.Session,
	id int64) (dbsqlc.OfficeUserLockRow, error) {
	row, err := s.q.OfficeUserLock(ctx, tx, dbsqlc.OfficeUserLockParams{OfficeID: sess.User.OfficeID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return row, account.ErrUnknown
	}
	if err != nil {
		return row, fmt.Errorf("lock user %d: %w", id, err)
	}
	return row, nil
}

// write adds the event of what was done to a user.
func (s *Service) write(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client,
	action audit.Action, subject audit.Person, detail string) error {
	event := sess.Event(action, client)
	event.Subject, event.Detail = subject, detail
	return s.log.Write(ctx, tx, event)
}
