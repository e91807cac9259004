package door

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// errNobody says that a token lets nobody in: there is no such session, or its portal session is over.
var errNobody = errors.New("no session of an application")

// entry is what the check of one token needs, as it was read.
type entry struct {
	Identity
	SessionID, userID, officeID, applicationID int64
	application, url, host                     string
	door                                       application.Door
	visitor                                    application.Visitor // but for the age of its factor
	secondFactorAt                             time.Time
	ends                                       time.Time // of the portal session, unless its user goes on
	now                                        time.Time // by the database, when it was read
	read                                       time.Time // the same by this process
	until                                      time.Time // by the database: more may be demanded of the user from then on
	mark                                       db.Mark
	fields                                     *[9]field
	toTouch                                    bool
	touched                                    atomic.Bool
}

// at returns what the database's clock says when this process's says now.
func (e *entry) at(now time.Time) time.Time { return e.now.Add(now.Sub(e.read)) }

// Decide returns why the entry's user is not let in at a moment of the database's clock.
func (e *entry) Decide(at time.Time) application.Refusal {
	v := e.visitor
	v.FactorAge = at.Sub(e.secondFactorAt)
	return e.door.Decide(v)
}

func (e *entry) event(action audit.Action, client session.Client) audit.Event {
	return audit.Event{
		Office: e.officeID, Actor: audit.Person{ID: e.userID, Name: e.Username}, Action: action,
		Detail: e.application, Address: client.Address,
	}
}

// about is what a change can be about that makes the entry wrong.
func (e *entry) about() [4]db.Change {
	return [4]db.Change{
		{Scope: db.ScopeSession, ID: e.SessionID}, {Scope: db.ScopeUser, ID: e.userID},
		{Scope: db.ScopeOffice, ID: e.officeID}, {Scope: db.ScopeApplication, ID: e.applicationID},
	}
}

// Answer is what the check says of a request.
type Answer struct {
	In      bool // somebody is signed in at the host
	Refusal application.Refusal
	Headers Headers // who they are, when they are let in
	Name    string  // of the application, for who is refused
}

// Check says whether a browser with a token is let into a host. It reads nothing where it was asked a moment ago: what
// it remembers is at most db.MemoryAge old, and goes with every change of what it was made from, and when a second
// factor is demanded from a moment on, of which no change tells. It writes nothing: that the user was here is written
// once a minute, later.
func (s *Service) Check(ctx context.Context, token session.Token, host string) (Answer, error) {
	hash := token.Hash()
	if hash == nil {
		return Answer{}, nil
	}
	key := [32]byte(hash)
	e, ok := s.memory.get(key)
	if !ok {
		mark := s.memory.changes.Mark()
		var err error
		e, err = s.load(ctx, s.pool, hash)
		if errors.Is(err, errNobody) {
			return Answer{}, nil
		}
		if err != nil {
			return Answer{}, err
		}
		assertion, err := s.signer.Assert(ctx, e.url, e.Subject, claimsOf(e.Identity, e.secondFactorAt))
		if err != nil {
			return Answer{}, err
		}
		e.mark, e.fields = mark, fieldsOf(e.Identity, assertion)
		s.memory.put(key, e)
	}
	at := e.at(s.memory.now())
	if e.host != host || !at.Before(e.ends) {
		return Answer{}, nil
	}
	if refusal := e.Decide(at); refusal != application.Allowed {
		return Answer{In: true, Refusal: refusal, Name: e.application}, nil
	}
	s.touch(e)
	return Answer{In: true, Headers: Headers{e.fields, e.secondFactorAt, at}, Name: e.application}, nil
}

// load reads what the check of a token needs, or returns errNobody.
func (s *Service) load(ctx context.Context, from dbsqlc.DBTX, hash []byte) (*entry, error) {
	r, err := s.q.DoorSessionLoad(ctx, from, hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNobody
	}
	if err != nil {
		return nil, fmt.Errorf("check a session of an application: %w", err)
	}
	e := &entry{
		Identity: Identity{
			Subject: r.Subject, OfficeCode: r.OfficeCode, Username: r.Username, Name: r.Name, Email: r.Email,
			Role: account.Role(r.Role),
		},
		SessionID: r.SessionID, userID: r.UserID, officeID: r.OfficeID, applicationID: r.ApplicationID,
		application: r.Application, host: r.Host,
		door: application.Door{
			Admitted: r.Admitted, Disabled: r.Disabled, Off: r.Off, Roles: application.RolesOf(r.Roles),
			RequireTwoFactor: r.RequireTwoFactor, MaxFactorAge: r.MaxFactorAge, Sensitive: r.Sensitive,
		},
		visitor: application.Visitor{
			Role: account.Role(r.Role), Unfinished: r.Unfinished, Level: int(r.Level), Limited: r.Limited, Cooling: r.Cooling,
		},
		ends: r.Ends, now: r.Now, read: s.memory.now(), until: r.HoldsUntil, toTouch: r.ToTouch,
	}
	if r.SecondFactorAt != nil && r.Level == 2 {
		e.secondFactorAt, e.Factor = *r.SecondFactorAt, r.Methods[len(r.Methods)-1]
	} else if r.Level == 2 { // a trusted browser's: nothing was proven
		e.visitor.Level, e.visitor.Trusted = 1, true
	}
	e.url = r.Url
	return e, nil
}
