package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Reminders go out between these hours of the office's day.
const (
	morning = 8
	evening = 20
)

// ReminderDays returns how many days before their date people are reminded who are not ready.
func ReminderDays() []int16 { return []int16{7, 3, 1} }

// Due returns how many days before a date its reminder is due at a moment, one of ReminderDays, or 0: days of the
// office's calendar, at the hours in which people work.
func Due(now, date time.Time, zone *time.Location) int16 {
	local := now.In(zone)
	if !now.Before(date) || local.Hour() < morning || local.Hour() >= evening {
		return 0
	}
	for _, days := range ReminderDays() {
		if midnight(local).AddDate(0, 0, int(days)).Equal(midnight(date.In(zone))) {
			return days
		}
	}
	return 0
}

// midnight is the day of a moment as its clocks show it, apart from how long that day is there.
func midnight(at time.Time) time.Time {
	year, month, day := at.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// CanMail reports whether this installation sends mail, without which nobody is reminded.
func (s *Service) CanMail() bool { return s.ways.CanMail() }

// SendReminders mails the reminders that are due by the database's clock, and to superusers who is not ready. Each goes
// out once, however many nodes ask: its row and its mail are one transaction.
func (s *Service) SendReminders(ctx context.Context) error {
	if !s.ways.CanMail() {
		return nil
	}
	offices, err := s.q.RemindOffices(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("list the offices whose date is near: %w", err)
	}
	var failed error
	for _, id := range offices {
		failed = errors.Join(failed, db.InTx(ctx, s.pool, func(tx pgx.Tx) error { return s.remind(ctx, tx, id) }))
	}
	return errors.Join(failed, db.Drain(ctx, s.pool, s.q.RemindersDeleteOld))
}

// remind mails what is due in one office.
func (s *Service) remind(ctx context.Context, tx pgx.Tx, officeID int64) error {
	if _, err := s.q.OfficeHold(ctx, tx, officeID); err != nil { // its date is not moved meanwhile
		return fmt.Errorf("hold office %d: %w", officeID, err)
	}
	all, err := s.q.RemindCandidates(ctx, tx, officeID)
	if err != nil {
		return fmt.Errorf("list whom of office %d to remind: %w", officeID, err)
	}
	var mails []int64
	var first *dbsqlc.ReminderInsertParams
	for _, c := range all {
		days := Due(c.Now, c.DemandedFrom, office.ZoneOf(c.TimeZone, time.UTC))
		if days == 0 || slices.Contains(c.Days, days) {
			continue
		}
		row := dbsqlc.ReminderInsertParams{UserID: c.UserID, Days: days, DemandedFrom: &c.DemandedFrom}
		n, err := s.q.ReminderInsert(ctx, tx, row)
		if err != nil {
			return fmt.Errorf("note the reminder of user %d: %w", c.UserID, err)
		}
		if n == 0 {
			continue
		}
		if first == nil || c.DemandedFrom.Before(*first.DemandedFrom) {
			first = &row
		}
		if !c.Told && !c.Invited { // who has no password yet has an invitation to answer
			mails = append(mails, c.UserID)
		}
	}
	if first == nil {
		return nil
	}
	if err := s.ways.MailBy(ctx, tx, mails, "reminder_date", 0); err != nil {
		return err
	}
	return s.summarize(ctx, tx, officeID, *first)
}

// summarize mails to the superusers of an office who is not ready, once at each moment.
func (s *Service) summarize(ctx context.Context, tx pgx.Tx, officeID int64, row dbsqlc.ReminderInsertParams) error {
	superusers, err := s.q.UserSuperusers(ctx, tx, officeID)
	if err != nil {
		return fmt.Errorf("list the superusers of office %d: %w", officeID, err)
	}
	row.Summary = true
	var mails []int64
	for _, id := range superusers {
		row.UserID = id
		n, err := s.q.ReminderInsert(ctx, tx, row)
		if err != nil {
			return fmt.Errorf("note the summary for user %d: %w", id, err)
		}
		if n > 0 {
			mails = append(mails, id)
		}
	}
	return s.ways.MailBy(ctx, tx, mails, "reminder_summary", 0)
}

// Remind mails to users of a superuser's office that they have no second factor yet, or no second way beside it, and
// returns to how many: those who have an address and a password, and were not asked within a day. It returns
// fault.Forbidden, and account.ErrNoMail where no mail is sent.
func (s *Service) Remind(
	ctx context.Context, sess session.Session, client session.Client, ids []int64,
) (reminded int, err error) {
	if !s.ways.CanMail() {
		return 0, account.ErrNoMail
	}
	for some := range slices.Chunk(ids, atOnce) {
		n, err := s.remindSome(ctx, sess, client, some)
		if reminded += n; err != nil {
			return reminded, err
		}
	}
	return reminded, nil
}

// atOnce is how many are reminded in one transaction, which holds the office.
const atOnce = 500

func (s *Service) remindSome(
	ctx context.Context, sess session.Session, client session.Client, ids []int64,
) (reminded int, err error) {
	act := session.Act{Role: account.RoleSuperuser}
	err = session.ActingTx(ctx, s.pool, sess, act, func(tx pgx.Tx, _ session.Session) error {
		all, err := s.q.ReminderAsk(ctx, tx, dbsqlc.ReminderAskParams{OfficeID: sess.User.OfficeID, Ids: ids})
		if err != nil {
			return fmt.Errorf("note whom of office %d is reminded: %w", sess.User.OfficeID, err)
		}
		for _, u := range all {
			kind := "reminder_asked"
			if u.Ahead {
				kind = "reminder_asked_date"
			}
			user := audit.Person{ID: u.UserID, Name: u.Username}
			if err := s.mailReminder(ctx, tx, sess, client, user, kind, ""); err != nil {
				return err
			}
		}
		ways, err := s.remindOfSecondWay(ctx, tx, sess, client, ids)
		reminded = len(all) + ways
		return err
	})
	return reminded, err
}

// remindOfSecondWay mails to those of users who are ready, and would be locked out with one loss: an app and nothing
// beside it, or no recovery code that is left.
func (s *Service) remindOfSecondWay(
	ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, ids []int64,
) (reminded int, err error) {
	all, err := s.q.SecondWayAsk(ctx, tx, dbsqlc.SecondWayAskParams{OfficeID: sess.User.OfficeID, Ids: ids})
	if err != nil {
		return 0, fmt.Errorf("note who of office %d is reminded of a second way: %w", sess.User.OfficeID, err)
	}
	for _, u := range all {
		user := audit.Person{ID: u.UserID, Name: u.Username}
		if err := s.mailReminder(ctx, tx, sess, client, user, "second_way", "second_way"); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// mailReminder mails a user what a superuser reminds them of, and writes it down with a detail.
func (s *Service) mailReminder(
	ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, user audit.Person, kind, detail string,
) error {
	if err := s.ways.MailBy(ctx, tx, []int64{user.ID}, kind, sess.User.ID); err != nil {
		return err
	}
	event := sess.Event(audit.UserReminded, client)
	event.Subject, event.Detail = user, detail
	return s.log.Write(ctx, tx, event)
}
