package office

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/calendar"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// Why a day is not kept free.
var (
	ErrNoDay     = fault.New(fault.Invalid, "this is no day of the next 24 months")
	ErrDayName   = fault.New(fault.Invalid, "a day that is kept free needs a name of at most 120 characters")
	ErrManyDays  = fault.New(fault.Invalid, "the office keeps too many days free")
	ErrNoEntries = fault.New(fault.Invalid, "the file has no day of the next 24 months")
)

// BlackOutMonths is for how long ahead days are kept free.
const BlackOutMonths = 24

const (
	maxBlackOuts = 750
	maxDayName   = 120
)

// BlackOut is a day on which no date falls.
type BlackOut struct {
	Day  string // 2006-01-02
	Name string
}

// BlackOuts returns the days of the next 24 months that an office keeps free.
func (s *Service) BlackOuts(ctx context.Context, officeID int64) ([]BlackOut, error) {
	rows, err := s.q.BlackOutList(ctx, s.pool, officeID)
	if err != nil {
		return nil, fmt.Errorf("list the days that office %d keeps free: %w", officeID, err)
	}
	all := make([]BlackOut, len(rows))
	for i, r := range rows {
		all[i] = BlackOut(r)
	}
	return all, nil
}

// window returns the first and the last day that an office may keep free, in its time zone, and that zone.
func window(set Rollout, zone *time.Location) (first, last time.Time, in *time.Location) {
	zone = set.In(zone)
	year, month, day := set.Now.In(zone).Date()
	first = time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return first, first.AddDate(0, BlackOutMonths, 0), zone
}

// AddBlackOut keeps a day free of dates, as a form writes it. A date that falls on it already stays as people were
// told. zone is the reader's, which counts while the office has none. It returns ErrNotAllowed, fault.StepUpRequired,
// and why a day is not kept free.
func (s *Service) AddBlackOut(
	ctx context.Context, sess session.Session, client session.Client, day, name string, zone *time.Location,
) error {
	name = typed.Line(name)
	if name == "" || len([]rune(name)) > maxDayName {
		return ErrDayName
	}
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		set, err := s.rollout(ctx, tx, sess.User.OfficeID)
		if err != nil {
			return err
		}
		first, last, _ := window(set, zone)
		date, err := time.Parse(time.DateOnly, day)
		if err != nil || date.Before(first) || date.After(last) {
			return ErrNoDay
		}
		event := sess.Event(audit.BlackOutAdded, client)
		event.Detail = day + " " + name
		_, err = s.keepFree(ctx, tx, []calendar.Day{{Date: date, Name: name}}, event)
		return err
	})
}

// ImportBlackOuts keeps the days of an iCalendar file free, of the next 24 months in the office's time zone. What
// cannot be read is left out and returned. It returns ErrNotAllowed, fault.StepUpRequired, calendar.ErrNotCalendar,
// calendar.ErrTooLarge, ErrNoEntries and ErrManyDays.
func (s *Service) ImportBlackOuts(
	ctx context.Context, sess session.Session, client session.Client, file []byte, unnamed string, zone *time.Location,
) (added int, left []calendar.Problem, err error) {
	// The file is read before anything is held: it may take a while.
	set, err := s.Rollout(ctx, sess.User.OfficeID)
	if err != nil {
		return 0, nil, err
	}
	if err := sess.May(changing); err != nil {
		return 0, nil, err
	}
	first, last, zone := window(set, zone)
	days, left, err := calendar.Read(file, first, last, zone)
	if err != nil {
		return 0, nil, err
	}
	if len(days) == 0 {
		return 0, left, ErrNoEntries
	}
	for i, d := range days {
		name := []rune(typed.Line(d.Name)) // which may be longer than what was read
		if days[i].Name = string(name[:min(len(name), maxDayName)]); days[i].Name == "" {
			days[i].Name = unnamed
		}
	}
	err = session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		event := sess.Event(audit.BlackOutsImported, client)
		event.Detail = fmt.Sprint(len(days))
		added, err = s.keepFree(ctx, tx, days, event)
		return err
	})
	return added, left, err
}

// keepFree writes days, and the event where that changed something.
func (s *Service) keepFree(ctx context.Context, tx pgx.Tx, days []calendar.Day, event audit.Event) (int, error) {
	put := dbsqlc.BlackOutPutParams{OfficeID: event.Office}
	for _, d := range days {
		put.Days, put.Names = append(put.Days, d.Date.Format(time.DateOnly)), append(put.Names, d.Name)
	}
	changed, err := s.q.BlackOutPut(ctx, tx, put)
	if err != nil {
		return 0, fmt.Errorf("keep days of office %d free: %w", event.Office, err)
	}
	n, err := s.q.BlackOutCount(ctx, tx, event.Office)
	switch {
	case err != nil:
		return 0, fmt.Errorf("count the days that office %d keeps free: %w", event.Office, err)
	case n > maxBlackOuts:
		return 0, ErrManyDays
	case changed == 0:
		return 0, nil
	}
	return int(changed), s.log.Write(ctx, tx, event)
}

// RemoveBlackOut frees a day again. It returns ErrNotAllowed, fault.StepUpRequired, and fault.NotFound.
func (s *Service) RemoveBlackOut(ctx context.Context, sess session.Session, client session.Client, day string) error {
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return fault.NotFound
	}
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		name, err := s.q.BlackOutRemove(ctx, tx, dbsqlc.BlackOutRemoveParams{OfficeID: sess.User.OfficeID, Day: day})
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.NotFound
		}
		if err != nil {
			return fmt.Errorf("free a day of office %d: %w", sess.User.OfficeID, err)
		}
		event := sess.Event(audit.BlackOutRemoved, client)
		event.Detail = day + " " + name
		return s.log.Write(ctx, tx, event)
	})
}
