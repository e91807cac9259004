package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
)

// ErrDemanded says that there is nothing to try: two factors are demanded, and each log-in tries them.
var ErrDemanded = fault.New(fault.Conflict, "two factors are demanded already")

// quickly is within what time a code that was entered counts as entered at once.
const quickly = time.Minute

// Outcome is what came of a drill for one user.
type Outcome string

// The outcomes, in the order in which they are told: the first are those to be helped.
const (
	NotDelivered Outcome = "not_delivered"
	NotEntered   Outcome = "not_entered" // asked, and nothing came of it yet
	NotSeen      Outcome = "not_seen"    // has not logged in since
	Skipped      Outcome = "skipped"
	Late         Outcome = "late"
	Quick        Outcome = "quick" // entered within a minute of being asked
)

// Outcomes returns all of them, in order.
func Outcomes() []Outcome { return []Outcome{NotDelivered, NotEntered, NotSeen, Skipped, Late, Quick} }

// Drill is an office's trial: who has a number or an app is asked for a code at their next log-in, and may skip it.
type Drill struct {
	Demanded  bool // two factors are, of the office: there is nothing to try
	Reachable int  // how many would be asked now: they have a number, confirmed or not, or an app

	BegunAt time.Time // zero when there was none
	EndsAt  time.Time
	On      bool // it asks still
	By      string
	People  []Drilled // by outcome, then by name
}

// Drilled is one user in a drill.
type Drilled struct {
	ID             int64
	Name, Username string
	Outcome        Outcome
	// Country and Network are where the last message went, "" without one; Network is the carrier's code, where the
	// provider tells it.
	Country, Network string
	Reason, Reported string // why it was not delivered: of the message, and of the carrier where it told
}

// Standing is how a user stands to the drill of their office.
type Standing int

// The standings.
const (
	NotAsked Standing = iota // there is no drill, nothing to try, or it was skipped
	Asked                    // for a code
	Entered                  // a code was right
)

var (
	managing = session.Act{Role: account.RoleSuperuser}
	changing = session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}
)

// BeginDrill begins a drill of the superuser's office, unless one is under way. It returns fault.Forbidden,
// fault.StepUpRequired, and ErrDemanded.
func (s *Service) BeginDrill(ctx context.Context, sess session.Session, client session.Client) error {
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		before, err := s.q.DrillBefore(ctx, tx, sess.User.OfficeID)
		if err != nil {
			return fmt.Errorf("ask what office %d demands: %w", sess.User.OfficeID, err)
		}
		if before.Demanded {
			return ErrDemanded
		}
		_, err = s.q.DrillBegin(ctx, tx, dbsqlc.DrillBeginParams{OfficeID: sess.User.OfficeID, BegunBy: sess.User.ID})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("begin a drill of office %d: %w", sess.User.OfficeID, err)
		}
		return s.log.Write(ctx, tx, sess.Event(audit.DrillBegun, client))
	})
}

// EndDrill ends the drill that is under way: nobody is asked any more. It returns fault.Forbidden.
func (s *Service) EndDrill(ctx context.Context, sess session.Session, client session.Client) error {
	return session.ActingTx(ctx, s.pool, sess, managing, func(tx pgx.Tx, _ session.Session) error {
		ended, err := s.q.DrillEnd(ctx, tx, sess.User.OfficeID)
		if err != nil {
			return fmt.Errorf("end the drill of office %d: %w", sess.User.OfficeID, err)
		}
		if ended == 0 {
			return nil
		}
		return s.log.Write(ctx, tx, sess.Event(audit.DrillEnded, client))
	})
}

// Drill returns the drill of an office that is under way, or else its last one, and what there is to try.
func (s *Service) Drill(ctx context.Context, officeID int64) (Drill, error) {
	before, err := s.q.DrillBefore(ctx, s.pool, officeID)
	if err != nil {
		return Drill{}, fmt.Errorf("count whom a drill of office %d would ask: %w", officeID, err)
	}
	drill := Drill{Demanded: before.Demanded, Reachable: int(before.Reachable)}
	d, err := s.q.DrillLast(ctx, s.pool, officeID)
	if errors.Is(err, pgx.ErrNoRows) {
		return drill, nil
	}
	if err != nil {
		return Drill{}, fmt.Errorf("read the drill of office %d: %w", officeID, err)
	}
	drill.BegunAt, drill.EndsAt, drill.On, drill.By = d.BegunAt, d.EndsAt, d.UnderWay, d.BegunBy
	people, err := s.q.DrillPeople(ctx, s.pool, d.ID)
	if err != nil {
		return Drill{}, fmt.Errorf("read what came of the drill of office %d: %w", officeID, err)
	}
	for _, p := range people {
		drill.People = append(drill.People, drilled(p))
	}
	order := Outcomes()
	slices.SortStableFunc(drill.People, func(a, b Drilled) int {
		return cmp.Compare(slices.Index(order, a.Outcome), slices.Index(order, b.Outcome))
	})
	return drill, nil
}

// drilled says what came of a drill for one user. A message that did not arrive counts more than a code that was
// entered in its place, of an app or from paper: the next log-in may have nothing else.
func drilled(p dbsqlc.DrillPeopleRow) Drilled {
	d := Drilled{
		ID: p.ID, Name: p.Name, Username: p.Username, Outcome: NotEntered, Country: p.Country, Network: p.Network,
	}
	switch {
	case p.AskedAt == nil:
		d.Outcome = NotSeen
	case p.Undelivered:
		d.Outcome, d.Reason, d.Reported = NotDelivered, p.Reason, p.Reported
	case p.EnteredAt != nil && p.EnteredAt.Sub(*p.AskedAt) <= quickly:
		d.Outcome = Quick
	case p.EnteredAt != nil:
		d.Outcome = Late
	case p.SkippedAt != nil:
		d.Outcome = Skipped
	}
	return d
}

// Asks reports whether a drill asks a user for a code now.
func (s *Service) Asks(ctx context.Context, userID int64) (bool, error) {
	_, standing, err := s.drillOf(ctx, userID)
	return standing == Asked, err
}

// drillOf returns the drill that is under way for a user, and how they stand to it.
func (s *Service) drillOf(ctx context.Context, userID int64) (dbsqlc.DrillOfRow, Standing, error) {
	d, err := s.q.DrillOf(ctx, s.pool, userID)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return d, NotAsked, nil
	case err != nil:
		return d, NotAsked, fmt.Errorf("look for a drill that asks user %d: %w", userID, err)
	case d.Entered:
		return d, Entered, nil
	case d.Skipped:
		return d, NotAsked, nil
	}
	return d, Asked, nil
}

// Ask returns how a user stands to the drill of their office, and notes that they have been asked, if they are.
func (s *Service) Ask(ctx context.Context, userID int64) (Standing, error) {
	_, standing, err := s.ask(ctx, userID)
	return standing, err
}

// ask is Ask, with the moment at which the user was asked first.
func (s *Service) ask(ctx context.Context, userID int64) (at time.Time, _ Standing, _ error) {
	d, standing, err := s.drillOf(ctx, userID)
	if err != nil || standing != Asked {
		return at, standing, err
	}
	if d.AskedAt != nil {
		return *d.AskedAt, Asked, nil
	}
	at, err = s.q.DrillAsk(ctx, s.pool, dbsqlc.DrillAskParams{DrillID: d.ID, UserID: userID})
	if err != nil {
		return at, NotAsked, fmt.Errorf("ask user %d in drill %d: %w", userID, d.ID, err)
	}
	return at, Asked, nil
}

// Enter notes that a user who is asked entered a code, which their session must have proven since: it returns
// fault.StepUpRequired for one that has not. A password would do for a step-up of who has no factor, and tries nothing.
func (s *Service) Enter(ctx context.Context, sess session.Session) error {
	asked, standing, err := s.ask(ctx, sess.User.ID)
	if err != nil || standing != Asked {
		return err
	}
	if !sess.FreshFactor() || sess.SecondFactorAt.Before(asked) {
		return fault.StepUpRequired
	}
	return s.answer(ctx, sess.User.ID, false)
}

// Skip notes that a user who was asked does not care to try.
func (s *Service) Skip(ctx context.Context, userID int64) error { return s.answer(ctx, userID, true) }

func (s *Service) answer(ctx context.Context, userID int64, skip bool) error {
	if err := s.q.DrillAnswer(ctx, s.pool, dbsqlc.DrillAnswerParams{UserID: userID, Skip: skip}); err != nil {
		return fmt.Errorf("note what user %d does about a drill: %w", userID, err)
	}
	return nil
}
