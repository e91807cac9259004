package application

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Tighter is what an office's superuser demands beyond what the operator does.
type Tighter struct {
	Roles        []account.Role // of those that the operator admits
	MaxFactorAge time.Duration  // 0: as the operator has it
	Off          bool
}

// Tighten sets what an office demands of its users beyond what the operator does. What would loosen it is refused, and
// would have no effect: the door takes the fewer roles and the shorter age, also of what the operator changes later. It
// returns Problems, ErrUnknown, and what session.ActingTx returns.
func (s *Service) Tighten(
	ctx context.Context, sess session.Session, id int64, t Tighter, client session.Client,
) error {
	act := session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}
	return session.ActingTx(ctx, s.pool, sess, act, func(tx pgx.Tx, _ session.Session) error {
		all, err := s.ofOffice(ctx, tx, sess.User.OfficeID)
		if err != nil {
			return err
		}
		a, err := Of(all, id)
		if err != nil {
			return err
		}
		if err := t.check(a); err != nil {
			return err
		}
		err = s.q.ApplicationTighten(ctx, tx, dbsqlc.ApplicationTightenParams{
			OfficeID: sess.User.OfficeID, ApplicationID: id, Roles: words(t.roles(a)), MaxFactorAge: t.MaxFactorAge,
			Off: t.Off,
		})
		if err != nil {
			return fmt.Errorf("tighten application %d for office %d: %w", id, sess.User.OfficeID, err)
		}
		event := sess.Event(audit.ApplicationTightened, client)
		event.Detail = a.Name
		return s.log.Write(ctx, tx, event)
	})
}

// Of returns the application with an id of those that are there for an office, or ErrUnknown.
func Of(all []OfOffice, id int64) (OfOffice, error) {
	for _, a := range all {
		if a.ID == id {
			return a, nil
		}
	}
	return OfOffice{}, ErrUnknown
}

// check returns Problems, or nil.
func (t Tighter) check(a OfOffice) error {
	var problems Problems
	own := func(r account.Role) bool { return slices.Contains(a.OwnRoles, r) }
	if len(t.Roles) == 0 && !t.Off {
		problems = append(problems, Problem{Wrong: NoRole})
	}
	if slices.ContainsFunc(t.Roles, func(r account.Role) bool { return !own(r) }) {
		problems = append(problems, Problem{Wrong: Looser})
	}
	if t.MaxFactorAge != 0 && (t.MaxFactorAge < time.Minute || t.MaxFactorAge > maxAge) {
		problems = append(problems, Problem{Wrong: BadAge})
	} else if a.OwnMaxFactorAge > 0 && t.MaxFactorAge > a.OwnMaxFactorAge {
		problems = append(problems, Problem{Looser, a.OwnMaxFactorAge.String()})
	}
	return problems.err()
}

// roles are those that are written: all there are where the office leaves out none of the operator's, so that one that
// the operator admits later may enter too.
func (t Tighter) roles(a OfOffice) []account.Role {
	left := func(r account.Role) bool { return !slices.Contains(t.Roles, r) }
	if len(t.Roles) == 0 || !slices.ContainsFunc(a.OwnRoles, left) {
		return Roles()
	}
	return t.Roles
}
