package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Exemption spares a user the second factor for a while.
type Exemption struct {
	ID             int64
	Username, Name string
	Reason         string
	Until          time.Time
	By             string // the superuser's name; "" when they are gone
}

// ExemptionDays returns for how many days somebody may be spared.
func ExemptionDays() []int { return []int{1, 3, 7, 14, 30, 60, 90} }

// maxReason is how long a reason is at most, in characters.
const maxReason = 200

// Why somebody is not spared.
var (
	ErrNoReason  = fault.New(fault.Invalid, "an exemption needs a reason of at most 200 characters")
	ErrSuperuser = fault.New(fault.Invalid, "a superuser is never exempt")
)

// Exemptions returns those of an office that spare somebody now, the first to end first.
func (s *Service) Exemptions(ctx context.Context, officeID int64) ([]Exemption, error) {
	rows, err := s.q.ExemptionList(ctx, s.pool, officeID)
	if err != nil {
		return nil, fmt.Errorf("list the exemptions of office %d: %w", officeID, err)
	}
	all := make([]Exemption, len(rows))
	for i, r := range rows {
		all[i] = Exemption{r.ID, r.Username, r.Name, r.Reason, r.Until, r.GivenBy}
	}
	return all, nil
}

// Exempt spares a user of a superuser's office the second factor for days, one of ExemptionDays, in the place of the
// exemption that they have. The other superusers are told by mail. It returns ErrNotAllowed, fault.StepUpRequired,
// account.ErrUnknown, ErrNoReason, ErrSuperuser, and fault.Invalid for other days.
func (s *Service) Exempt(
	ctx context.Context, sess session.Session, client session.Client, username, reason string, days int,
) error {
	reason = strings.TrimSpace(reason)
	if !slices.Contains(ExemptionDays(), days) {
		return fault.New(fault.Invalid, "no such number of days")
	}
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		user, err := s.q.ExemptionSubject(ctx, tx, dbsqlc.ExemptionSubjectParams{
			OfficeID: sess.User.OfficeID, Usernames: account.LookUp(username),
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return account.ErrUnknown
		}
		if err != nil {
			return fmt.Errorf("find who is to be exempt in office %d: %w", sess.User.OfficeID, err)
		}
		if account.Role(user.Role) == account.RoleSuperuser {
			return ErrSuperuser
		}
		if reason == "" || utf8.RuneCountInString(reason) > maxReason {
			return ErrNoReason
		}
		until, err := s.q.ExemptionPut(ctx, tx, dbsqlc.ExemptionPutParams{
			UserID: user.ID, Reason: reason, GivenBy: &sess.User.ID, Days: int32(days), //nolint:gosec // 90 at most
		})
		if err != nil {
			return fmt.Errorf("exempt user %d: %w", user.ID, err)
		}
		if err := s.ways.MailAll(ctx, tx, s.otherSuperusers(sess.User), "exempted"); err != nil {
			return err
		}
		event := sess.Event(audit.UserExempted, client)
		event.Subject = audit.Person{ID: user.ID, Name: user.Username}
		event.Detail = until.UTC().Format(time.DateOnly) + ": " + reason
		return s.log.Write(ctx, tx, event)
	})
}

// EndExemption ends an exemption in a superuser's office: from the user's next request on a factor is demanded of them.
// It returns ErrNotAllowed, fault.StepUpRequired, and fault.NotFound.
func (s *Service) EndExemption(ctx context.Context, sess session.Session, client session.Client, id int64) error {
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		user, err := s.q.ExemptionEnd(ctx, tx, dbsqlc.ExemptionEndParams{OfficeID: sess.User.OfficeID, ID: id})
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.NotFound
		}
		if err != nil {
			return fmt.Errorf("end exemption %d: %w", id, err)
		}
		event := sess.Event(audit.ExemptionEnded, client)
		event.Subject = audit.Person{ID: user.ID, Name: user.Username}
		return s.log.Write(ctx, tx, event)
	})
}

// otherSuperusers returns who is told of what one superuser decided.
func (s *Service) otherSuperusers(but account.User) account.Readers {
	return func(ctx context.Context, tx pgx.Tx) ([]int64, error) {
		ids, err := s.q.UserSuperusers(ctx, tx, but.OfficeID)
		if err != nil {
			return nil, fmt.Errorf("list the superusers of office %d: %w", but.OfficeID, err)
		}
		return slices.DeleteFunc(ids, func(id int64) bool { return id == but.ID }), nil
	}
}
