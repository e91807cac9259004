package twofactor

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// budget is what a message counts to. Each challenge keeps its own.
type budget struct {
	proven bool // the number is this user's own: nobody else's acts count against it
	known  bool // asked for in a browser known to be theirs
}

// budgetOf returns the budget of a message to a number in a session.
func (s *Service) budgetOf(
	ctx context.Context, tx dbsqlc.DBTX, sess session.Session, number phone.Number,
) (budget, error) {
	proven, err := s.q.LimitProven(ctx, tx, dbsqlc.LimitProvenParams{UserID: sess.User.ID, Number: number.E164})
	if err != nil {
		return budget{}, fmt.Errorf("look whose number it is that user %d asks for: %w", sess.User.ID, err)
	}
	return budget{proven, sess.KnownBrowser}, nil
}

// Classes of the locks that make parallel requests count one after the other; see LimitLock. Always taken in this
// order, after the user's row, which is lock enough for what is counted by the user.
const (
	lockNumber = 1
	lockOffice = 2
)

// holdCounts holds what messages to a number that is not proven count against, to the end of the transaction.
func (s *Service) holdCounts(ctx context.Context, tx dbsqlc.DBTX, sess session.Session, number phone.Number) error {
	err := errors.Join(
		s.q.LimitLock(ctx, tx, dbsqlc.LimitLockParams{Class: lockNumber, Key: number.E164}),
		s.q.LimitLock(ctx, tx, dbsqlc.LimitLockParams{Class: lockOffice, Key: strconv.FormatInt(sess.User.OfficeID, 10)}),
	)
	if err != nil {
		return fmt.Errorf("wait for the turn to count: %w", err)
	}
	return nil
}

// asking is a message that is asked for.
type asking struct {
	purpose factor.Purpose
	number  phone.Number
	anew    bool // with a challenge of its own, not the live one once more
	hold    bool // it will be sent in this transaction: what counts is held until its end
}

// maySend returns the budget of the message, or *Limited or *Wait when it may not go out now.
func (s *Service) maySend(ctx context.Context, tx dbsqlc.DBTX, sess session.Session, a asking) (budget, error) {
	if err := s.mayTry(ctx, tx, sess); err != nil {
		return budget{}, err
	}
	b, err := s.budgetOf(ctx, tx, sess, a.number)
	if err != nil {
		return b, err
	}
	if a.hold && !b.proven {
		if err := s.holdCounts(ctx, tx, sess, a.number); err != nil {
			return b, err
		}
	}
	c, err := s.counts(ctx, tx, sess, b, a)
	if err != nil {
		return b, err
	}
	if l := limit(c); l != "" {
		return b, &Limited{l, b.known, b.proven}
	}
	return b, nil
}

func (s *Service) counts(
	ctx context.Context, tx dbsqlc.DBTX, sess session.Session, b budget, a asking,
) (counts, error) {
	c := counts{proven: b.proven, enrols: a.purpose.Enrols()}
	if a.anew {
		n, err := s.q.ChallengeCounts(ctx, tx, dbsqlc.ChallengeCountsParams{
			UserID: sess.User.ID, SessionID: sess.ID, Proven: b.proven, KnownBrowser: b.known,
		})
		if err != nil {
			return c, fmt.Errorf("count the challenges of user %d: %w", sess.User.ID, err)
		}
		c.ofSession, c.live = int(n.OfSession), int(n.LiveOfUser)
	}
	n, err := s.q.LimitUser(ctx, tx, dbsqlc.LimitUserParams{
		UserID: sess.User.ID, Number: a.number.E164, Proven: b.proven, KnownBrowser: b.known,
	})
	if err != nil {
		return c, fmt.Errorf("count the messages of user %d: %w", sess.User.ID, err)
	}
	c.user, c.unproven.newNumbers = spent{int(n.Hour), int(n.Day), int(n.InAll)}, int(n.OtherNumbers)
	o, err := s.q.LimitOffice(ctx, tx, dbsqlc.LimitOfficeParams{
		OfficeID: sess.User.OfficeID, Country: string(a.number.Country), Proven: b.proven,
	})
	if err != nil {
		return c, fmt.Errorf("count the messages of office %d: %w", sess.User.OfficeID, err)
	}
	c.countryAllowed, c.officeSpent, c.allSpent = o.Allowed, o.Spent, o.InstallationSpent
	c.unproven.officeHour, c.unproven.users = int(o.Hour), int(o.Users)
	if b.proven {
		return c, nil
	}
	return c, s.countNumber(ctx, tx, sess, b, a.number, &c.unproven)
}

// countNumber counts what was sent to a number that is not proven, and to its range.
func (s *Service) countNumber(
	ctx context.Context, tx dbsqlc.DBTX, sess session.Session, b budget, number phone.Number, u *unproven,
) error {
	n, err := s.q.LimitNumber(ctx, tx, dbsqlc.LimitNumberParams{
		Number: number.E164, UserID: sess.User.ID, KnownBrowser: b.known,
	})
	if err != nil {
		return fmt.Errorf("count the messages to a number of user %d: %w", sess.User.ID, err)
	}
	u.number = spent{int(n.Hour), int(n.Day), int(n.InAll)}
	if u.prefixStopped, err = s.q.LimitPrefix(ctx, tx, number.E164); err != nil {
		return fmt.Errorf("count the messages of a range: %w", err)
	}
	return nil
}
