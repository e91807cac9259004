// Package evidence gives an office what it proves its second factors with: how many had one on each day, who switched
// what, and the chain of its history with what is signed of it, as a table (CSV) that can be verified without us, and
// to read (PDF).
//
// Start at Service.Take; Verify is the other way.
package evidence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/session"
)

const (
	// MostDays is how many days a range has at most.
	MostDays = 366
	// MostEvents is how many events a range has at most.
	MostEvents = 20_000
	batch      = 5000
)

// Why there is no evidence of a range.
var (
	ErrNoFirst = fault.New(fault.Invalid, "the first day is no day")
	ErrNoLast  = fault.New(fault.Invalid, "the last day is no day")
	ErrOrder   = fault.New(fault.Invalid, "the last day is before the first")
	ErrLong    = fault.New(fault.Invalid, "the range has more than 366 days")
	ErrMany    = fault.New(fault.Invalid, "the range has more than 20 000 events")
	ErrNotOver = fault.New(fault.Invalid, "the range begins after today")
)

// Service gives evidence.
type Service struct {
	pool     *db.Pool
	ring     *keys.Ring
	rollouts *rollout.Service
	log      *audit.Log
}

// New returns the Service.
func New(pool *db.Pool, ring *keys.Ring, rollouts *rollout.Service, log *audit.Log) *Service {
	return &Service{pool, ring, rollouts, log}
}

// Evidence is that of a range of days.
type Evidence struct {
	Office, Name string
	Range        Range
	Made         time.Time
	Coverage     []rollout.Coverage
	Behind       *audit.Link    // the link before the first; nil at the beginning
	Links        []audit.Linked // without an event: one that is over
	Further      []audit.Link   // behind the range, to the first that is signed
	Heads        []audit.Head   // of these links

	ring *keys.Ring
}

// Range is the days from a first to a last, in a time zone.
type Range struct {
	First, Last time.Time // midnights there
	Zone        *time.Location
}

// end is the midnight behind the last day.
func (r Range) end() time.Time { return r.Last.AddDate(0, 0, 1) }

// ReadRange reads the days of a form, in an office's time zone. It returns ErrNoFirst, ErrNoLast,
// ErrOrder, ErrLong and ErrNotOver.
func ReadRange(first, last string, zone *time.Location, now time.Time) (Range, error) {
	from, err := time.ParseInLocation(time.DateOnly, first, zone)
	if err != nil || from.Format(time.DateOnly) != first {
		return Range{}, ErrNoFirst
	}
	to, err := time.ParseInLocation(time.DateOnly, last, zone)
	r := Range{from, to, zone}
	switch {
	case err != nil || to.Format(time.DateOnly) != last:
		return Range{}, ErrNoLast
	case to.Before(from):
		return Range{}, ErrOrder
	case !to.Before(from.AddDate(0, 0, MostDays)):
		return Range{}, ErrLong
	case from.After(now):
		return Range{}, ErrNotOver
	}
	return r, nil
}

// taking is the act of a superuser who takes what everybody did out of the house.
var taking = session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}

// Take returns the evidence of a superuser's office, and writes down who took it. It returns ErrMany, ErrNotAllowed and
// fault.StepUpRequired.
func (s *Service) Take(ctx context.Context, sess session.Session, client session.Client, of Range,
) (e *Evidence, err error) {
	days, err := s.rollouts.CoverageDays(ctx, sess.User.OfficeID, of.First)
	if err != nil {
		return nil, err
	}
	err = session.ActingTx(ctx, s.pool, sess, taking, func(tx pgx.Tx, _ session.Session) error {
		event := sess.Event(audit.EvidenceTaken, client)
		event.Detail = of.First.Format(time.DateOnly) + " – " + of.Last.Format(time.DateOnly)
		if err := s.log.Write(ctx, tx, event); err != nil {
			return err
		}
		e = &Evidence{Office: sess.OfficeCode, Name: sess.OfficeName, Range: of, ring: s.ring}
		for _, d := range days {
			if d.Day.Format(time.DateOnly) <= of.Last.Format(time.DateOnly) {
				e.Coverage = append(e.Coverage, d)
			}
		}
		return s.gather(ctx, tx, sess.User.OfficeID, e)
	})
	return e, err
}

func (s *Service) gather(ctx context.Context, tx dbsqlc.DBTX, office int64, e *Evidence) error {
	span, err := dbsqlc.New().AuditChainRange(ctx, tx, dbsqlc.AuditChainRangeParams{
		Chain: office, Begins: e.Range.First, Ends: e.Range.end(),
	})
	switch {
	case err != nil:
		return fmt.Errorf("look for the evidence of office %d: %w", office, err)
	case span.Last-span.First >= MostEvents:
		return ErrMany
	}
	if span.Until-span.Last > MostEvents {
		span.Until = span.Last // the next signature is too far behind: the file's own is there
	}
	e.Made = span.Now
	if span.First == 0 {
		return nil
	}
	if err := readLinks(ctx, tx, office, span, e); err != nil {
		return err
	}
	heads, err := audit.Heads(ctx, tx, office)
	if err != nil {
		return err
	}
	for _, h := range heads {
		if h.Number >= span.First && h.Number <= span.Until {
			e.Heads = append(e.Heads, h)
		}
	}
	return nil
}

// readLinks reads from the link before the first to the last that is shown.
func readLinks(ctx context.Context, tx dbsqlc.DBTX, office int64, span dbsqlc.AuditChainRangeRow, e *Evidence) error {
	for after := max(0, span.First-2); after < span.Until; {
		links, err := audit.Links(ctx, tx, office, after, batch)
		if err != nil {
			return err
		}
		for _, l := range links {
			switch {
			case l.Number > span.Until:
			case l.Number > span.Last:
				e.Further = append(e.Further, l.Link)
			case l.Number < span.First:
				e.Behind = &l.Link
			default:
				e.Links = append(e.Links, l)
			}
		}
		if len(links) < batch {
			return nil
		}
		after = links[len(links)-1].Number
	}
	return nil
}

// decisions are what is in the readable form: who changed what is demanded, of whom, and who was let in otherwise.
func decisions(a audit.Action) bool {
	switch a {
	case audit.TwoFactorActivated, audit.TwoFactorSwitched, audit.TwoFactorDated, audit.TwoFactorUndated,
		audit.FirstHoursSet, audit.UserExempted, audit.ExemptionEnded, audit.TwoFactorReset, audit.HelpAnswered,
		audit.HelpStopped, audit.RescueChanged, audit.TrustedBrowsersSet, audit.PasskeyAloneSet, audit.CountryChanged,
		audit.SSOChanged, audit.SSORemoved, audit.WaveSet, audit.WaveRemoved, audit.PasskeysDemanded:
		return true
	default:
		return false
	}
}
