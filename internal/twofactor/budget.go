package twofactor

import (
	"context"
	"fmt"

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

// asking is a message that is asked for.
type asking struct {
	purpose factor.Purpose
	number  phone.Number
	anew    bool // with a challenge of its own, not the live one once more
	hold    bool // it will be sent in this transaction: what counts is held until its end
}

// maySend returns the budget of the message, or *Limited or *Wait when it may not go out now. It asks twice, to
// count what is held.
func (s *Service) maySend(ctx context.Context, tx dbsqlc.DBTX, sess session.Session, a asking) (budget, error) {
	held, err := s.q.LimitHold(ctx, tx, dbsqlc.LimitHoldParams{
		UserID: sess.User.ID, Number: a.number.E164, OfficeID: sess.User.OfficeID, Hold: a.hold,
	})
	if err != nil {
		return budget{}, fmt.Errorf("look whose number it is that user %d asks for: %w", sess.User.ID, err)
	}
	b := budget{held.Proven, sess.KnownBrowser}
	n, err := s.q.LimitCounts(ctx, tx, dbsqlc.LimitCountsParams{
		UserID: sess.User.ID, SessionID: sess.ID, OfficeID: sess.User.OfficeID, Number: a.number.E164,
		Country: string(a.number.Country), Proven: b.proven, KnownBrowser: b.known,
		OfficeLeast: minOfficeHour, OfficePerUser: officePerUser,
	})
	if err != nil {
		return b, fmt.Errorf("count the messages of user %d: %w", sess.User.ID, err)
	}
	if err := waits(factor.Lock(n.Lock), n.WaitUntil, n.Now, sess); err != nil {
		return b, err
	}
	if l := limit(countsOf(n, b, a)); l != "" {
		return b, &Limited{l, b.known, b.proven}
	}
	return b, nil
}

// countsOf is what is judged of what was counted. A message of a live challenge is no further one of its session.
func countsOf(n dbsqlc.LimitCountsRow, b budget, a asking) counts {
	c := counts{
		proven: b.proven, enrols: a.purpose.Enrols(),
		user:           spent{int(n.UserHour), int(n.UserDay), int(n.UserInAll)},
		countryAllowed: n.Allowed, officeSpent: n.Spent, allSpent: n.InstallationSpent,
		unproven: unproven{
			number:     spent{int(n.NumberHour), int(n.NumberDay), int(n.NumberInAll)},
			newNumbers: int(n.OtherNumbers), officeHour: int(n.OfficeHour), users: int(n.OfficeUsers),
			prefixStopped: n.PrefixStopped,
		},
	}
	if a.anew {
		c.ofSession, c.live = int(n.OfSession), int(n.LiveOfUser)
	}
	return c
}
