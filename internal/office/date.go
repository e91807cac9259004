package office

import (
	"context"
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

// Why a date is not taken.
var (
	ErrNoDate   = fault.New(fault.Invalid, "this is no date and time of this time zone")
	ErrPast     = fault.New(fault.Invalid, "the date is over")
	ErrFar      = fault.New(fault.Invalid, "the date is more than a year away")
	ErrBlackOut = fault.New(fault.Invalid, "the office keeps this day free")
	ErrTold     = fault.New(fault.Conflict, "people were told a later date")
	ErrDemanded = fault.New(fault.Conflict, "two factors are demanded already")
	ErrDateSet  = fault.New(fault.Conflict, "there is a date, which people were told")
)

const (
	localForm = "2006-01-02T15:04"
	// ahead is how much earlier than the others superusers are asked: who helps the others has done it first.
	ahead = 7 * 24 * time.Hour
	most  = 366 * 24 * time.Hour
)

// Local returns the moment of a date and time as a form writes it, in a time zone. An hour that comes twice, at the end
// of summer time, is the later one: nobody is asked before the time that they read. One that does not come, at its
// beginning, is ErrNoDate, as is what is no date.
func Local(text, zone string) (time.Time, error) {
	in, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return time.Time{}, ErrNoDate
	}
	at, err := time.ParseInLocation(localForm, text, in)
	if err != nil || at.Format(localForm) != text {
		return time.Time{}, ErrNoDate
	}
	for _, shift := range []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour} {
		if later := at.Add(shift); later.Format(localForm) == text {
			return later, nil
		}
	}
	return at, nil
}

// Rollout is how an office comes to demand two factors.
type Rollout struct {
	Active bool      // demanded of the office, by the switch or since its date
	From   time.Time // the date; zero without one
	Zone   string    // of the office's dates, or "" while none was chosen
	Now    time.Time // the database's clock
	Waves  []Wave
	Grace  int // hours after the first log-in in which who is new or was reset need no second factor
	// InvitationDays is for how long an invitation lives.
	InvitationDays int
}

// In returns the time zone of the office's dates: its own, or else another.
func (r Rollout) In(other *time.Location) *time.Location { return ZoneOf(r.Zone, other) }

// ZoneOf returns the time zone that an office has chosen by name, or else another.
func ZoneOf(name string, other *time.Location) *time.Location {
	if zone, err := time.LoadLocation(name); err == nil && name != "" {
		return zone
	}
	return other
}

// Coming returns the date, while it is ahead.
func (r Rollout) Coming() time.Time {
	if r.Active {
		return time.Time{}
	}
	return r.From
}

// Rollout returns how the office stands.
func (s *Service) Rollout(ctx context.Context, officeID int64) (Rollout, error) {
	return s.rollout(ctx, s.pool, officeID)
}

func (s *Service) rollout(ctx context.Context, from dbsqlc.DBTX, officeID int64) (Rollout, error) {
	r, err := s.q.OfficeRollout(ctx, from, officeID)
	if err != nil {
		return Rollout{}, fmt.Errorf("read the date of office %d: %w", officeID, err)
	}
	out := Rollout{Active: r.Active, Zone: r.TimeZone, Now: r.Now, Grace: int(r.GraceHours),
		InvitationDays: int(r.InvitationDays)}
	if r.DemandedFrom != nil {
		out.From = *r.DemandedFrom
	}
	waves, err := s.q.OfficeWaveList(ctx, from, officeID)
	if err != nil {
		return Rollout{}, fmt.Errorf("read the waves of office %d: %w", officeID, err)
	}
	for _, w := range waves {
		wave := Wave{ID: w.ID, Name: w.Name, Usernames: w.Usernames, From: w.DemandedFrom}
		if w.Role != nil {
			wave.Role = account.Role(*w.Role)
		}
		out.Waves = append(out.Waves, wave)
	}
	return out, nil
}

// SetDate has the office demand two factors from a date on, of its superusers a week before where that is not over. A
// date that is there is moved: for whom it has come it stays in force, and nobody's becomes earlier than was told.
// Who has no second factor is told by mail. text is as a form writes it. It returns ErrNotAllowed,
// fault.StepUpRequired, and why a date is not taken.
func (s *Service) SetDate(
	ctx context.Context, sess session.Session, client session.Client, text, zone string,
) error {
	at, err := Local(text, zone)
	if err != nil {
		return err
	}
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		was, err := s.rollout(ctx, tx, sess.User.OfficeID)
		if err != nil {
			return err
		}
		if err := s.mayBe(ctx, tx, sess.User.OfficeID, at, was); err != nil {
			return err
		}
		if err := s.setDate(ctx, tx, sess.User.OfficeID, at, zone, was); err != nil {
			return err
		}
		// Whoever trusted a browser did so under the policy before.
		if _, err := session.EndTrust(ctx, tx, session.Which{OfficeID: sess.User.OfficeID}); err != nil {
			return err
		}
		if err := s.ways.MailAll(ctx, tx, s.notReady(sess.User.OfficeID), "date_set"); err != nil {
			return err
		}
		event := sess.Event(audit.TwoFactorDated, client)
		event.Detail = at.Format(localForm) + " " + zone
		return s.log.Write(ctx, tx, event)
	})
}

// mayBe judges a date, against what stands.
func (s *Service) mayBe(ctx context.Context, tx pgx.Tx, officeID int64, at time.Time, was Rollout) error {
	switch {
	case was.Active:
		return ErrDemanded
	case !at.After(was.Now):
		return ErrPast
	case at.After(was.Now.Add(most)):
		return ErrFar
	case at.Before(was.From):
		return ErrTold
	}
	free, err := s.q.OfficeBlackOut(ctx, tx, dbsqlc.OfficeBlackOutParams{
		OfficeID: officeID, Day: at.Format(time.DateOnly),
	})
	if err != nil {
		return fmt.Errorf("look for a day that office %d keeps free: %w", officeID, err)
	}
	if free {
		return ErrBlackOut
	}
	return nil
}

func (s *Service) setDate(
	ctx context.Context, tx pgx.Tx, officeID int64, at time.Time, zone string, was Rollout,
) error {
	if was.From.IsZero() {
		if err := s.q.OfficeWavesForget(ctx, tx, officeID); err != nil {
			return fmt.Errorf("forget the old plans of office %d: %w", officeID, err)
		}
		if first := at.Add(-ahead); first.After(was.Now) {
			err := s.q.OfficeWaveFirst(ctx, tx, dbsqlc.OfficeWaveFirstParams{
				OfficeID: officeID, Role: string(account.RoleSuperuser), DemandedFrom: first,
			})
			if err != nil {
				return fmt.Errorf("let the superusers of office %d be first: %w", officeID, err)
			}
		}
	}
	// Each user's first: what they were told before is read from the office.
	_, err := s.q.UserDatesSet(ctx, tx, dbsqlc.UserDatesSetParams{OfficeID: officeID, DemandedFrom: at})
	if err != nil {
		return fmt.Errorf("give the users of office %d their dates: %w", officeID, err)
	}
	err = s.q.OfficeDateSet(ctx, tx, dbsqlc.OfficeDateSetParams{ID: officeID, DemandedFrom: at, TimeZone: zone})
	if err != nil {
		return fmt.Errorf("set the date of office %d: %w", officeID, err)
	}
	return nil
}

// notReady returns who is told of a date: users without a second factor.
func (s *Service) notReady(officeID int64) account.Readers {
	return func(ctx context.Context, tx pgx.Tx) ([]int64, error) {
		ids, err := s.q.UsersNotReady(ctx, tx, officeID)
		if err != nil {
			return nil, fmt.Errorf("list who of office %d is not ready: %w", officeID, err)
		}
		return ids, nil
	}
}

// RemoveDate takes the date away, for everybody, also for whom it has come. It returns ErrNotAllowed and
// fault.StepUpRequired.
func (s *Service) RemoveDate(ctx context.Context, sess session.Session, client session.Client) error {
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		was, err := s.rollout(ctx, tx, sess.User.OfficeID)
		if err != nil || was.From.IsZero() {
			return err
		}
		if err := s.ways.MailAll(ctx, tx, s.notReady(sess.User.OfficeID), "date_gone"); err != nil {
			return err
		}
		return s.set(ctx, tx, sess.User.OfficeID, false, sess.Event(audit.TwoFactorUndated, client))
	})
}

// Graces returns the hours that an office may give who is new or was reset.
func Graces() []int { return []int{0, 1, 4, 8, 24, 48, 72, 168} }

// SetGrace sets the hours, one of Graces, that begin with the first log-in of who is new or was reset. Those of who has
// begun theirs stay as they are. It returns ErrNotAllowed, fault.StepUpRequired, and fault.Invalid.
func (s *Service) SetGrace(ctx context.Context, sess session.Session, client session.Client, hours int) error {
	if !slices.Contains(Graces(), hours) {
		return fault.New(fault.Invalid, "no such number of first hours")
	}
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		changed, err := s.q.OfficeGraceSet(ctx, tx, dbsqlc.OfficeGraceSetParams{
			ID: sess.User.OfficeID, GraceHours: int16(hours), //nolint:gosec // one of Graces
		})
		if err != nil {
			return fmt.Errorf("set the first hours of office %d: %w", sess.User.OfficeID, err)
		}
		if changed == 0 {
			return nil
		}
		event := sess.Event(audit.FirstHoursSet, client)
		event.Detail = fmt.Sprint(hours, " h")
		return s.log.Write(ctx, tx, event)
	})
}
