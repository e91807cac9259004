// Package application is the registry of what stands behind the door: the applications, which offices and roles each is
// for, what it demands of the second factor, and how an office makes that tighter.
//
// The rule it protects: an operator says who may enter, an office's superuser may only make that tighter, and
// Door.Decide judges it, for every way in alike. Changes are told to every node in the transaction that makes them.
package application

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
)

// Kind is how an application is guarded.
type Kind string

// An application behind a proxy that knows nothing of us, and one that speaks OpenID Connect.
const (
	Forward Kind = "forward"
	OIDC    Kind = "oidc"
)

var (
	// ErrUnknown says that there is no such application.
	ErrUnknown = fault.New(fault.NotFound, "no such application")
	// ErrTaken says that another application has this name.
	ErrTaken = fault.New(fault.Conflict, "another application has this name")
)

// Application is what an operator registers. URL is where its tile leads, Hosts are the names under which browsers
// reach it, as the Host header has them, Offices the codes of those that it is for, unless it is for all.
type Application struct {
	ID               int64
	Kind             Kind
	Name, About, URL string
	HasPicture       bool
	Hosts            []string
	AllOffices       bool
	Offices          []string
	Roles            []account.Role
	RequireTwoFactor bool
	MaxFactorAge     time.Duration // 0: as old as the session
	Sensitive        bool
	Disabled         bool
	CreatedAt        time.Time
}

// Roles returns those that an application can be for, the least first.
func Roles() []account.Role {
	return []account.Role{account.RoleUser, account.RoleAccountant, account.RoleSuperuser}
}

// Service keeps the registry.
type Service struct {
	pool   *db.Pool
	q      *dbsqlc.Queries
	log    *audit.Log
	portal string // the host of the portal, which is no application's
}

// New returns the Service of a portal that browsers reach under the host portal.
func New(pool *db.Pool, log *audit.Log, portal string) *Service {
	return &Service{pool, dbsqlc.New(), log, portal}
}

// Also is what is written in the transaction of an application with this id.
type Also func(ctx context.Context, tx pgx.Tx, id int64) error

// Create registers an application, and also what goes with it, and returns its id. It returns Problems, ErrTaken and
// what also returns.
func (s *Service) Create(
	ctx context.Context, a Application, by audit.Person, address string, also ...Also,
) (id int64, err error) {
	a, err = s.checked(a)
	if err != nil {
		return 0, err
	}
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		id, err = s.q.ApplicationInsert(ctx, tx, dbsqlc.ApplicationInsertParams{
			Name: a.Name, About: a.About, Kind: string(a.Kind), Url: a.URL, AllOffices: a.AllOffices,
			Roles: words(a.Roles), RequireTwoFactor: a.RequireTwoFactor, MaxFactorAge: a.MaxFactorAge,
			Sensitive: a.Sensitive,
		})
		if err != nil {
			return taken(err, "register application")
		}
		if err := s.putLists(ctx, tx, id, a); err != nil {
			return err
		}
		if err := doAlso(ctx, tx, id, also); err != nil {
			return err
		}
		return s.log.Write(ctx, tx, audit.Event{
			Actor: by, Action: audit.ApplicationRegistered, Detail: a.Name, Address: address,
		})
	})
	return id, err
}

func doAlso(ctx context.Context, tx pgx.Tx, id int64, also []Also) error {
	for _, do := range also {
		if err := do(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}

// Change makes the application with the id of a what a says, and also what goes with it; its kind stays. It returns
// Problems, ErrTaken, ErrUnknown and what also returns.
func (s *Service) Change(ctx context.Context, a Application, by audit.Person, address string, also ...Also) error {
	a, err := s.checked(a)
	if err != nil {
		return err
	}
	return s.act(ctx, a.ID, audit.ApplicationChanged, by, address, func(tx pgx.Tx) (int64, error) {
		n, err := s.q.ApplicationUpdate(ctx, tx, dbsqlc.ApplicationUpdateParams{
			ID: a.ID, Name: a.Name, About: a.About, Url: a.URL, AllOffices: a.AllOffices, Roles: words(a.Roles),
			RequireTwoFactor: a.RequireTwoFactor, MaxFactorAge: a.MaxFactorAge, Sensitive: a.Sensitive,
		})
		if err != nil {
			return 0, taken(err, "change application")
		}
		if n == 0 {
			return 0, nil
		}
		if err := s.putLists(ctx, tx, a.ID, a); err != nil {
			return 0, err
		}
		return n, doAlso(ctx, tx, a.ID, also)
	})
}

// Disable lets nobody in any more, or again those who may.
func (s *Service) Disable(ctx context.Context, id int64, disabled bool, by audit.Person, address string) error {
	action := audit.ApplicationDisabled
	if !disabled {
		action = audit.ApplicationEnabled
	}
	return s.act(ctx, id, action, by, address, func(tx pgx.Tx) (int64, error) {
		return s.q.ApplicationDisable(ctx, tx, dbsqlc.ApplicationDisableParams{ID: id, Disabled: disabled})
	})
}

// Remove takes an application out of the registry, with everybody's sessions in it.
func (s *Service) Remove(ctx context.Context, id int64, by audit.Person, address string) error {
	return s.act(ctx, id, audit.ApplicationRemoved, by, address, func(tx pgx.Tx) (int64, error) {
		return s.q.ApplicationDelete(ctx, tx, id)
	})
}

// act changes the application with an id, and writes that down under the name that it had.
func (s *Service) act(
	ctx context.Context, id int64, action audit.Action, by audit.Person, address string,
	change func(tx pgx.Tx) (int64, error),
) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		was, err := s.q.ApplicationList(ctx, tx, dbsqlc.ApplicationListParams{ID: id})
		if err != nil {
			return fmt.Errorf("find application %d: %w", id, err)
		}
		n, err := change(tx)
		if err != nil {
			return fmt.Errorf("change application %d: %w", id, err)
		}
		if n == 0 || len(was) == 0 {
			return ErrUnknown
		}
		return s.log.Write(ctx, tx, audit.Event{Actor: by, Action: action, Detail: was[0].Name, Address: address})
	})
}

// putLists writes the hosts and the offices of an application.
func (s *Service) putLists(ctx context.Context, tx pgx.Tx, id int64, a Application) error {
	offices := a.Offices
	if a.AllOffices {
		offices = []string{}
	}
	err := errors.Join(
		s.q.ApplicationHostsDrop(ctx, tx, dbsqlc.ApplicationHostsDropParams{ApplicationID: id, Hosts: a.Hosts}),
		s.q.ApplicationOfficesDrop(ctx, tx, dbsqlc.ApplicationOfficesDropParams{ApplicationID: id, Codes: offices}))
	if err != nil {
		return fmt.Errorf("change the hosts and offices of application %d: %w", id, err)
	}
	others, err := s.q.ApplicationHostsPut(ctx, tx, dbsqlc.ApplicationHostsPutParams{ApplicationID: id, Hosts: a.Hosts})
	if err != nil {
		return fmt.Errorf("write the hosts of application %d: %w", id, err)
	}
	unknown, err := s.q.ApplicationOfficesPut(ctx, tx, dbsqlc.ApplicationOfficesPutParams{
		ApplicationID: id, Codes: offices,
	})
	if err != nil {
		return fmt.Errorf("write the offices of application %d: %w", id, err)
	}
	var problems Problems
	if len(others) > 0 {
		problems = append(problems, Problem{HostTaken, strings.Join(others, ", ")})
	}
	if len(unknown) > 0 {
		problems = append(problems, Problem{NoOffice, strings.Join(unknown, ", ")})
	}
	return problems.err()
}

func taken(err error, act string) error {
	if db.IsUnique(err) {
		return ErrTaken
	}
	return fmt.Errorf("%s: %w", act, err)
}

func words(roles []account.Role) []string {
	all := make([]string, len(roles))
	for i, r := range roles {
		all[i] = string(r)
	}
	return all
}

// RolesOf reads roles as the database has them.
func RolesOf(words []string) []account.Role {
	all := make([]account.Role, len(words))
	for i, w := range words {
		all[i] = account.Role(w)
	}
	return all
}
