package users

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/session"
)

var (
	// ErrChanged says that the office's users are not what the plan was made for: look again.
	ErrChanged = fault.New(fault.Conflict, "the users have changed meanwhile")
	// ErrNothing says that a plan has bad lines, or nothing to do.
	ErrNothing = fault.New(fault.Invalid, "nothing to import")
)

// Export returns the office's users as a file: no number, no secret. It is written down who took it.
// It returns fault.Forbidden, fault.StepUpRequired.
func (s *Service) Export(ctx context.Context, sess session.Session, client session.Client,
	describe func(factor.Set) string) (file []byte, err error) {
	err = s.act(ctx, sess, changing, func(tx pgx.Tx) error {
		users, err := s.q.OfficeUserAll(ctx, tx, sess.User.OfficeID)
		if err != nil {
			return fmt.Errorf("list users: %w", err)
		}
		word := func(of string) string { return written(client.Language, of) }
		var headings []string
		for _, column := range slices.Concat(imported[:], ignored[:]) {
			headings = append(headings, word(column))
		}
		rows := [][]string{headings}
		for _, u := range users {
			disabled := word("no")
			if u.DisabledAt != nil {
				disabled = word("yes")
			}
			factors, err := factor.ParseSet(u.Factors)
			if err != nil {
				return err
			}
			rows = append(rows, []string{u.Username, u.Name, u.Email, word(u.Role), describe(factors), disabled})
		}
		if file, err = write(locale.T(client.Language, "files.separator"), rows); err != nil {
			return fmt.Errorf("write the users' file: %w", err)
		}
		event := sess.Event(audit.UsersExported, client)
		event.Detail = strconv.Itoa(len(users))
		return s.log.Write(ctx, tx, event)
	})
	return file, err
}

// Plan returns what an import of these lines would do now, and does nothing.
// It returns fault.Forbidden, fault.StepUpRequired.
func (s *Service) Plan(ctx context.Context, sess session.Session, lines []Line) (Plan, error) {
	if err := sess.May(changing); err != nil {
		return Plan{}, err
	}
	return s.plan(ctx, s.pool, sess, lines)
}

func (s *Service) plan(ctx context.Context, tx dbsqlc.DBTX, sess session.Session, lines []Line) (Plan, error) {
	rows, err := s.q.OfficeUserAll(ctx, tx, sess.User.OfficeID)
	if err != nil {
		return Plan{}, fmt.Errorf("list users: %w", err)
	}
	users := make(map[string]existing, len(rows))
	for _, r := range rows {
		users[r.Username] = existing{r.ID, Fields{r.Name, r.Email, account.Role(r.Role)}}
	}
	return plan(lines, users, sess.User), nil
}

// Import does what the plan with this digest says, all of it or nothing: the lines are judged anew, behind
// every other change. made are the users it made.
// It returns ErrNothing, ErrChanged, ErrLastSuperuser, fault.Forbidden, fault.StepUpRequired.
func (s *Service) Import(ctx context.Context, sess session.Session, client session.Client, lines []Line,
	digest string) (done Plan, made []int64, err error) {
	if err := sess.May(changing); err != nil {
		return Plan{}, nil, err
	}
	err = s.act(ctx, sess, changing, func(tx pgx.Tx) error {
		if done, err = s.plan(ctx, tx, sess, lines); err != nil {
			return err
		}
		switch {
		case !done.Possible():
			return ErrNothing
		case done.Digest() != digest:
			return ErrChanged
		}
		for _, step := range done.Steps {
			id, err := s.take(ctx, tx, sess, client, step)
			if err != nil {
				return fmt.Errorf("import line %d: %w", step.Number, err)
			}
			if id != 0 {
				made = append(made, id)
			}
		}
		event := sess.Event(audit.UsersImported, client)
		event.Detail = strconv.Itoa(done.New + done.Changed)
		return s.log.Write(ctx, tx, event)
	})
	if db.IsUnique(err) {
		return Plan{}, nil, ErrChanged // the command line made one of them between the plan and its turn
	}
	if err != nil {
		return Plan{}, nil, err
	}
	return done, made, nil
}

// take does one step, and returns the id of the user it made, or 0.
func (s *Service) take(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client,
	step Step) (int64, error) {
	switch {
	case step.New():
		return s.insert(ctx, tx, sess, client, step.Username, step.Will)
	case step.Changes():
		was, err := s.lock(ctx, tx, sess, step.UserID)
		if err != nil {
			return 0, err
		}
		return 0, s.update(ctx, tx, sess, client, was, step.Will)
	}
	return 0, nil
}
