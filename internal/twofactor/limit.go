package twofactor

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Limit names what stops a code: a stable word, the catalogue's key limit.<word>, and the detail of the audit event.
type Limit string

// The limits (vonage.md, "Abuse"). What has been answered by a right code does not count against a number or a
// user: people share phones and log in often.
const (
	LimitUnderWay   Limit = "under_way"   // so many codes of this user or session live already
	LimitNumberHour Limit = "number_hour" // 5 an hour to one number
	LimitNumberDay  Limit = "number_day"  // 10 a day to one number
	LimitUserHour   Limit = "user_hour"   // 5 an hour for one user
	LimitUserDay    Limit = "user_day"    // 10 a day for one user
	LimitNumbers    Limit = "new_numbers" // 3 new numbers a day for one user
	LimitOffice     Limit = "office"      // max(50, 4 × users) an hour for one office
	LimitCountry    Limit = "country"     // the office sends nothing there
	LimitPrefix     Limit = "prefix"      // a range that is sent much and verifies little: see stopped_prefixes
	LimitMoney      Limit = "money"       // the office's or the installation's money of this month is spent
)

const (
	maxHour       = 5
	maxDay        = 10
	maxNewNumbers = 3
	minOfficeHour = 50
	officePerUser = 4
)

// Limited says which limit stopped a code. Nothing was sent, and nothing will be.
type Limited struct{ Limit Limit }

func (l *Limited) Error() string { return "limit " + string(l.Limit) }

// counts is what limit judges.
type counts struct {
	ofSession, live                          int // challenges of the session; live ones of the user
	numberHour, numberDay, userHour, userDay int
	newNumbers                               int // other numbers that the user tried today
	triesNew                                 bool
	officeHour, users                        int
	countryAllowed                           bool
	prefixStopped                            bool
	spent                                    bool
}

// limit returns the first limit that a further message would break, or "".
func limit(c counts) Limit {
	switch {
	case c.ofSession >= maxOfSession, c.live >= maxLive:
		return LimitUnderWay
	case c.triesNew && !c.countryAllowed:
		return LimitCountry
	case c.triesNew && c.newNumbers >= maxNewNumbers:
		return LimitNumbers
	case c.numberDay >= maxDay:
		return LimitNumberDay
	case c.numberHour >= maxHour:
		return LimitNumberHour
	case c.userDay >= maxDay:
		return LimitUserDay
	case c.userHour >= maxHour:
		return LimitUserHour
	case c.officeHour >= max(minOfficeHour, officePerUser*c.users):
		return LimitOffice
	case c.prefixStopped:
		return LimitPrefix
	case c.spent:
		return LimitMoney
	}
	return ""
}

// Classes of the locks that make parallel requests count one after the other; see LimitLock. Always taken in this
// order, after the user's row.
const (
	lockNumber = 1
	lockOffice = 2
)

// maySend returns *Limited, or *Wait, when no message may go to the number now. In a transaction that will send one
// it holds what counts until the end.
func (s *Service) maySend(ctx context.Context, tx dbsqlc.DBTX, sess session.Session, purpose factor.Purpose,
	number phone.Number, anew, hold bool) error {
	if err := s.mayTry(ctx, tx, sess); err != nil {
		return err
	}
	if hold {
		err := errors.Join(
			s.q.LimitLock(ctx, tx, dbsqlc.LimitLockParams{Class: lockNumber, Key: number.E164}),
			s.q.LimitLock(ctx, tx, dbsqlc.LimitLockParams{Class: lockOffice, Key: strconv.FormatInt(sess.User.OfficeID, 10)}),
		)
		if err != nil {
			return fmt.Errorf("wait for the turn to count: %w", err)
		}
	}
	c, err := s.counts(ctx, tx, sess, purpose, number)
	if err != nil {
		return err
	}
	if !anew {
		c.ofSession, c.live = 0, 0 // the same challenge once more
	}
	if l := limit(c); l != "" {
		return &Limited{l}
	}
	return nil
}

func (s *Service) counts(ctx context.Context, tx dbsqlc.DBTX, sess session.Session, purpose factor.Purpose,
	number phone.Number) (counts, error) {
	under, err := s.q.ChallengeCounts(ctx, tx, dbsqlc.ChallengeCountsParams{UserID: sess.User.ID, SessionID: sess.ID})
	if err != nil {
		return counts{}, fmt.Errorf("count the challenges of user %d: %w", sess.User.ID, err)
	}
	n, err := s.q.LimitCounts(ctx, tx, dbsqlc.LimitCountsParams{Number: number.E164, UserID: sess.User.ID})
	if err != nil {
		return counts{}, fmt.Errorf("count the messages of user %d: %w", sess.User.ID, err)
	}
	o, err := s.q.LimitOffice(ctx, tx, dbsqlc.LimitOfficeParams{
		OfficeID: sess.User.OfficeID, Country: string(number.Country),
	})
	if err != nil {
		return counts{}, fmt.Errorf("count the messages of office %d: %w", sess.User.OfficeID, err)
	}
	stopped, err := s.q.LimitPrefix(ctx, tx, number.E164)
	if err != nil {
		return counts{}, fmt.Errorf("count the messages of a range: %w", err)
	}
	return counts{
		ofSession: int(under.OfSession), live: int(under.LiveOfUser),
		numberHour: int(n.NumberHour), numberDay: int(n.NumberDay), userHour: int(n.UserHour), userDay: int(n.UserDay),
		newNumbers: int(n.OtherNumbers), triesNew: purpose.Enrols(),
		officeHour: int(o.Hour), users: int(o.Users), countryAllowed: o.Allowed,
		prefixStopped: stopped, spent: o.Spent || o.InstallationSpent,
	}, nil
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

func (s *Service) writeLimit(ctx context.Context, tx dbsqlc.DBTX, sess session.Session, l *Limited) error {
	event := sess.Event(audit.CodeNotSent, session.Client{})
	event.Detail = string(l.Limit)
	return s.log.Write(ctx, tx, event)
}
