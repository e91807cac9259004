// Package door lets browsers into guarded applications: the ticket that brings a session from the portal to a host, the
// session of a browser there, and its check, which is asked for every request.
//
// The rules it protects: a host knows a browser by a cookie of its own, which opens nothing else; a ticket serves once,
// within a minute, for one host, in the browser that began there; what a browser may do follows its portal session, its
// user, office and application from the commit of a change on. Start at Service.Check.
package door

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
)

var (
	// ErrUnknownHost says that no application is reached under a host.
	ErrUnknownHost = fault.New(fault.NotFound, "no application has this host")
	// ErrTicket says that a ticket is used, too old, of another host, or of another browser.
	ErrTicket = fault.New(fault.Ended, "the ticket opens nothing")
)

// Place is what is reached under a host.
type Place struct {
	ApplicationID int64
	Name          string
	Disabled      bool
}

// Signer signs who somebody is, for an application: the audience.
type Signer interface {
	Assert(ctx context.Context, audience, subject string, more any) (string, error)
}

// Service guards the hosts of the applications.
type Service struct {
	pool    *db.Pool
	q       *dbsqlc.Queries
	log     *audit.Log
	memory  *memory
	signer  Signer
	touches chan int64
}

// New returns the Service. changes says how long what was read may be kept.
func New(pool *db.Pool, log *audit.Log, signer Signer, changes *db.Changes, now func() time.Time) (*Service, error) {
	kept, err := newMemory(changes, now)
	if err != nil {
		return nil, err
	}
	return &Service{pool, dbsqlc.New(), log, kept, signer, make(chan int64, mostTouches)}, nil
}

// Place returns what is reached under a host, or ErrUnknownHost.
func (s *Service) Place(ctx context.Context, host string) (Place, error) {
	r, err := s.q.HostOf(ctx, s.pool, host)
	if errors.Is(err, pgx.ErrNoRows) {
		return Place{}, ErrUnknownHost
	}
	if err != nil {
		return Place{}, fmt.Errorf("find the application of a host: %w", err)
	}
	return Place{r.ID, r.Name, r.Disabled}, nil
}

// Admission is what the portal says to a session that wants to enter a host: a ticket, or why not.
type Admission struct {
	Place   Place
	Refusal application.Refusal
	Ticket  session.Token // "" with a refusal
}

// Admit decides whether a session enters a host, and makes a ticket for the browser that has the secret of state, its
// SHA-256. It returns ErrUnknownHost.
func (s *Service) Admit(
	ctx context.Context, sess session.Session, host string, state []byte, client session.Client,
) (Admission, error) {
	place, err := s.Place(ctx, host)
	if err != nil {
		return Admission{}, err
	}
	admission := Admission{Place: place, Refusal: application.NotOffice}
	r, err := s.q.ApplicationDoor(ctx, s.pool, dbsqlc.ApplicationDoorParams{
		ApplicationID: place.ApplicationID, OfficeID: sess.User.OfficeID,
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) { // an operator has no office, and no row
		return Admission{}, fmt.Errorf("read what application %d demands: %w", place.ApplicationID, err)
	}
	if err == nil {
		demands := application.Door{
			Admitted: r.Admitted, Disabled: r.Disabled, Off: r.Off, Roles: application.RolesOf(r.Roles),
			RequireTwoFactor: r.RequireTwoFactor, MaxFactorAge: r.MaxFactorAge, Sensitive: r.Sensitive,
		}
		admission.Refusal = demands.Decide(application.VisitorOf(sess))
	}
	if admission.Refusal.Mendable() {
		return admission, nil
	}
	if admission.Refusal != application.Allowed {
		event := sess.Event(audit.ApplicationRefused, client)
		event.Detail = place.Name + ": " + string(admission.Refusal)
		return admission, s.log.Write(ctx, s.pool, event)
	}
	admission.Ticket = session.NewToken()
	err = s.q.TicketInsert(ctx, s.pool, dbsqlc.TicketInsertParams{
		TokenHash: admission.Ticket.Hash(), StateHash: state, ApplicationID: place.ApplicationID, SessionID: sess.ID,
		Host: host,
	})
	if err != nil {
		return Admission{}, fmt.Errorf("make a ticket: %w", err)
	}
	return admission, nil
}

// Enter takes a ticket and returns the token of a new session of its browser at the host. state is the SHA-256 of what
// the browser has from there. It returns ErrTicket, and the refusal where something changed since the ticket was made.
func (s *Service) Enter(
	ctx context.Context, ticket session.Token, host string, state []byte, client session.Client,
) (token session.Token, refusal application.Refusal, err error) {
	hash := ticket.Hash()
	if hash == nil {
		return "", "", ErrTicket
	}
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		t, err := s.q.TicketTake(ctx, tx, hash)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrTicket
		}
		if err != nil {
			return fmt.Errorf("take a ticket: %w", err)
		}
		if !t.Valid || t.Host != host || subtle.ConstantTimeCompare(t.StateHash, state) != 1 {
			token = ""
			return nil // it is used up all the same
		}
		token = session.NewToken()
		err = s.q.DoorSessionInsert(ctx, tx, dbsqlc.DoorSessionInsertParams{
			TokenHash: token.Hash(), ApplicationID: t.ApplicationID, SessionID: t.SessionID, Host: host,
		})
		if err != nil {
			return fmt.Errorf("let a browser in: %w", err)
		}
		entry, err := s.load(ctx, tx, token.Hash())
		if err != nil {
			return err
		}
		if refusal = entry.Decide(entry.now); refusal != application.Allowed {
			return s.q.DoorSessionDrop(ctx, tx, token.Hash())
		}
		err = s.q.DoorSessionOldest(ctx, tx, dbsqlc.DoorSessionOldestParams{
			SessionID: t.SessionID, ApplicationID: t.ApplicationID,
		})
		if err != nil {
			return fmt.Errorf("end the oldest of too many: %w", err)
		}
		return s.log.Write(ctx, tx, entry.event(audit.ApplicationOpened, client))
	})
	switch {
	case errors.Is(err, errNobody), err == nil && token == "":
		return "", "", ErrTicket
	case err != nil, refusal != application.Allowed:
		return "", refusal, err
	}
	return token, application.Allowed, nil
}

// Leave ends the session of a browser at a host, if there is one.
func (s *Service) Leave(ctx context.Context, token session.Token, host string, client session.Client) error {
	hash := token.Hash()
	if hash == nil {
		return nil
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		r, err := s.q.DoorSessionEnd(ctx, tx, dbsqlc.DoorSessionEndParams{TokenHash: hash, Host: host})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("end a session at %s: %w", host, err)
		}
		return s.log.Write(ctx, tx, audit.Event{
			Office: r.OfficeID, Actor: audit.Person{ID: r.ID, Name: r.Username}, Action: audit.ApplicationLeft,
			Detail: r.Application, Address: client.Address,
		})
	})
}

// Opened is an application that a user is signed in to.
type Opened struct {
	ApplicationID int64
	Name          string
	Browsers      int
	Since         time.Time // the last time that it was opened
}

// Opened returns where a session's user is signed in, by name.
func (s *Service) Opened(ctx context.Context, sess session.Session) ([]Opened, error) {
	rows, err := s.q.DoorSessionList(ctx, s.pool, sess.User.ID)
	if err != nil {
		return nil, fmt.Errorf("list where user %d is signed in: %w", sess.User.ID, err)
	}
	all := make([]Opened, len(rows))
	for i, r := range rows {
		all[i] = Opened{r.ID, r.Name, int(r.Browsers), r.Since}
	}
	return all, nil
}

// LeaveAll ends every session of the user of a session in one application.
func (s *Service) LeaveAll(ctx context.Context, sess session.Session, id int64, client session.Client) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		name, err := s.q.DoorSessionEndOfUser(ctx, tx, dbsqlc.DoorSessionEndOfUserParams{
			UserID: sess.User.ID, ApplicationID: id,
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("end the sessions of user %d in application %d: %w", sess.User.ID, id, err)
		}
		event := sess.Event(audit.ApplicationLeft, client)
		event.Detail = name
		return s.log.Write(ctx, tx, event)
	})
}
