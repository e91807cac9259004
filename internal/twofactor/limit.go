package twofactor

import (
	"context"
	"errors"
	"fmt"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Limit names what stops a code: a stable word.
type Limit string

// The limits (vonage.md, "Abuse"), in two budgets: a number that its user has proven is stopped by that user's own
// counts alone, and by money; all else by the user's, the number's, the range's and the office's. A code that was
// entered counts against no hour and no day of a user or a number, since people log in often.
const (
	LimitUnderWay   Limit = "under_way"   // so many codes of this user or session live already
	LimitNumberHour Limit = "number_hour" // 5 an hour to one unproven number
	LimitNumberDay  Limit = "number_day"  // 10 a day to one unproven number
	LimitUserHour   Limit = "user_hour"   // 5 an hour for one user
	LimitUserDay    Limit = "user_day"    // 10 a day for one user
	LimitUserAll    Limit = "user_all"    // 100 a day for one user, entered or not; 20 to unproven numbers
	LimitNumbers    Limit = "new_numbers" // 3 new numbers a day for one user
	LimitOffice     Limit = "office"      // max(50, 4 × users) an hour to unproven numbers for one office
	LimitCountry    Limit = "country"     // the office enrols no numbers there
	LimitPrefix     Limit = "prefix"      // a range that is sent much and verifies little: see stopped_prefixes
	LimitMoney      Limit = "money"       // the office's money of this month, for proven numbers its reserve, is spent
	LimitMoneyAll   Limit = "money_all"   // the installation's, likewise
)

const (
	maxHour       = 5
	maxDay        = 10
	maxInAll      = 100
	maxUnproven   = 20 // in all, for one user or number, whatever was given back
	maxNewNumbers = 3
	minOfficeHour = 50
	officePerUser = 4
)

// Limited says which limit stopped a code. Nothing was sent, and nothing will be.
type Limited struct {
	Limit Limit
	Known bool // counted in browsers known to be the user's
	// Proven says that the number is the user's own: without the code they need another way in.
	Proven bool
}

func (l *Limited) Error() string { return "limit " + string(l.Limit) }

// Word is the limit's word with which share of the user's was used up: the catalogue's key limit.<word>, and the detail
// of the audit event.
func (l *Limited) Word() string {
	if l.Known && (l.Limit == LimitUserHour || l.Limit == LimitUserDay) {
		return string(l.Limit) + "_known"
	}
	return string(l.Limit)
}

// spent is what was sent: unanswered in an hour and a day, and in all in a day.
type spent struct{ hour, day, all int }

// counts is what limit judges.
type counts struct {
	ofSession, live int // challenges of the session; live ones of the user's budget
	proven          bool
	enrols          bool
	user            spent
	countryAllowed  bool
	officeSpent     bool // its money
	allSpent        bool // the installation's
	unproven        unproven
}

// unproven is what counts for a number that is not proven alone.
type unproven struct {
	number            spent
	newNumbers        int // other numbers that the user tried today
	officeHour, users int
	prefixStopped     bool
}

// limit returns the first limit that a further message would break, or "".
func limit(c counts) Limit {
	most := maxInAll
	if !c.proven {
		most = maxUnproven
	}
	switch {
	case c.ofSession >= maxOfSession, c.live >= maxLive:
		return LimitUnderWay
	case c.enrols && !c.countryAllowed:
		return LimitCountry
	case c.user.all >= most:
		return LimitUserAll
	}
	if !c.proven {
		if l := c.unproven.limit(); l != "" {
			return l
		}
	}
	switch {
	case c.user.day >= maxDay:
		return LimitUserDay
	case c.user.hour >= maxHour:
		return LimitUserHour
	case c.officeSpent:
		return LimitMoney
	case c.allSpent:
		return LimitMoneyAll
	}
	return ""
}

func (u unproven) limit() Limit {
	switch {
	case u.newNumbers >= maxNewNumbers:
		return LimitNumbers
	case u.number.day >= maxDay, u.number.all >= maxUnproven:
		return LimitNumberDay
	case u.number.hour >= maxHour:
		return LimitNumberHour
	case u.officeHour >= max(minOfficeHour, officePerUser*u.users):
		return LimitOffice
	case u.prefixStopped:
		return LimitPrefix
	}
	return ""
}

// Near reports whether a user is about to meet a limit: of messages that nobody answered, in an hour and a day, and of
// all that were sent in a day, to numbers that they have proven or not.
func Near(proven bool, hour, day, all int) bool {
	most := maxInAll
	if !proven {
		most = maxUnproven
	}
	return hour >= maxHour-1 || day >= maxDay-2 || 5*all >= 4*most
}

// tellLimit writes down that a limit stopped a code, so that an operator sees why somebody is waiting. The
// transaction that found out was rolled back.
func (s *Service) tellLimit(ctx context.Context, sess session.Session, err error) error {
	var limited *Limited
	if !errors.As(err, &limited) {
		return err
	}
	if err := s.writeLimit(ctx, s.pool, sess, limited); err != nil {
		return err
	}
	return limited
}

// writeLimit writes each limit once a minute and session: whoever asks again and again fills no table.
func (s *Service) writeLimit(ctx context.Context, tx dbsqlc.DBTX, sess session.Session, l *Limited) error {
	news, err := s.q.LimitTold(ctx, tx, dbsqlc.LimitToldParams{ID: sess.ID, Word: l.Word()})
	if err != nil {
		return fmt.Errorf("note a limit of session %d: %w", sess.ID, err)
	}
	if news == 0 {
		return nil
	}
	event := sess.Event(audit.CodeNotSent, session.Client{})
	event.Detail = l.Word()
	return s.log.Write(ctx, tx, event)
}

// WaysOut are what a user can do when no code is sent to them: the factors that they have, and, by name, whom of their
// office they can ask.
func (s *Service) WaysOut(ctx context.Context, sess session.Session) (set factor.Set, superusers []string, err error) {
	if set, err = s.set(ctx, s.pool, sess.User.ID); err != nil {
		return nil, nil, err
	}
	superusers, err = s.q.UserHelpers(ctx, s.pool, dbsqlc.UserHelpersParams{
		OfficeID: sess.User.OfficeID, ExceptID: sess.User.ID,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list who can help user %d: %w", sess.User.ID, err)
	}
	return set, superusers, nil
}
