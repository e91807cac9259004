package users

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/typed"
)

var (
	// ErrOfficeTaken says that there is an office of this code.
	ErrOfficeTaken = fault.New(fault.Conflict, "the office code is taken")
	// ErrHasSuperuser says that an office has a superuser, who makes its users.
	ErrHasSuperuser = fault.New(fault.Conflict, "the office has a superuser")
)

// First is the first superuser of an office, whom an operator adds: nobody else is there to do it.
type First struct{ Username, Name, Email string }

// Check returns Problems, or nil.
func (f First) Check() error {
	fields := Fields{Name: f.Name, Email: f.Email, Role: account.RoleSuperuser}
	return newProblems(account.CanonicalUsername(f.Username), fields.clean(), account.RoleSuperuser).err()
}

// Founder is the operator who acts, and from where.
type Founder struct {
	Operator audit.Person
	Address  string
	Language string // of the operator's pages
}

// Offices makes an office in a transaction.
type Offices interface {
	CreateTx(ctx context.Context, tx pgx.Tx, code, name string, actor audit.Person) (int64, error)
}

// HasSuperuser reports whether an office has an enabled superuser.
func (s *Service) HasSuperuser(ctx context.Context, officeID int64) (bool, error) {
	has, err := s.q.OfficeHasSuperuser(ctx, s.pool, &officeID)
	if err != nil {
		return false, fmt.Errorf("count the superusers of office %d: %w", officeID, err)
	}
	return has, nil
}

// Found makes an office with its first superuser, whom it invites. It returns Problems and ErrOfficeTaken.
func (s *Service) Found(ctx context.Context, offices Offices, by Founder, code, name string,
	first First) error {
	if err := first.Check(); err != nil {
		return err
	}
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		id, err := offices.CreateTx(ctx, tx, code, name, by.Operator)
		if err != nil {
			return err
		}
		return s.addFirst(ctx, tx, by, id, first)
	})
	if db.IsUnique(err) {
		return ErrOfficeTaken
	}
	return err
}

// FoundEmpty makes an office without users, where nobody can be invited. It returns ErrOfficeTaken.
func (s *Service) FoundEmpty(ctx context.Context, offices Offices, by Founder, code, name string) error {
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := offices.CreateTx(ctx, tx, code, name, by.Operator)
		return err
	})
	if db.IsUnique(err) {
		return ErrOfficeTaken
	}
	return err
}

// AddFirst adds and invites the first superuser of an office that has none. It returns Problems, ErrTaken,
// ErrHasSuperuser and account.ErrUnknown.
func (s *Service) AddFirst(ctx context.Context, by Founder, officeID int64, first First) error {
	if err := first.Check(); err != nil {
		return err
	}
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.q.OfficeHold(ctx, tx, officeID); errors.Is(err, pgx.ErrNoRows) {
			return account.ErrUnknown
		} else if err != nil {
			return fmt.Errorf("hold office %d: %w", officeID, err)
		}
		has, err := s.q.OfficeHasSuperuser(ctx, tx, &officeID)
		switch {
		case err != nil:
			return fmt.Errorf("count the superusers of office %d: %w", officeID, err)
		case has:
			return ErrHasSuperuser
		}
		return s.addFirst(ctx, tx, by, officeID, first)
	})
	if db.IsUnique(err) {
		return ErrTaken
	}
	return err
}

func (s *Service) addFirst(ctx context.Context, tx pgx.Tx, by Founder, officeID int64,
	first First) error {
	username := account.CanonicalUsername(first.Username)
	id, err := s.q.UserInsert(ctx, tx, dbsqlc.UserInsertParams{
		OfficeID: officeID, Username: username, Name: typed.Line(first.Name), Email: typed.Email(first.Email),
		Role: string(account.RoleSuperuser), PasswordHash: "",
	})
	if err != nil {
		return fmt.Errorf("insert the first superuser of office %d: %w", officeID, err)
	}
	event := audit.Event{Office: officeID, Actor: by.Operator, Address: by.Address}
	invited := event
	event.Action, event.Subject = audit.UserCreated, audit.Person{ID: id, Name: username}
	event.Detail = string(account.RoleSuperuser)
	if err := s.log.Write(ctx, tx, event); err != nil {
		return err
	}
	return s.ways.Invite(ctx, tx, id, by.Language, invited)
}
