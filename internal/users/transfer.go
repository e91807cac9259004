package users

import (
	"context"
	"errors"
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
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/sheet"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

var (
	// ErrChanged says that the office's users are not what the plan was made for: look again.
	ErrChanged = fault.New(fault.Conflict, "the users have changed meanwhile")
	// ErrNothing says that a plan has bad lines, or nothing to do.
	ErrNothing = fault.New(fault.Invalid, "nothing to import")
)

// Export returns the office's users as a file: no number, masked or not, and no secret. It is written down who took it.
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
			rows = append(rows, []string{u.Username, u.Name, u.Email, word(u.Role), u.Language, describe(factors), disabled})
		}
		if file, err = sheet.File(locale.T(client.Language, "files.separator"), rows); err != nil {
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
	office := has{users: make(map[string]existing, len(rows)), numbers: map[string]int64{}}
	for _, r := range rows {
		factors, err := factor.ParseSet(r.Factors)
		if err != nil {
			return Plan{}, err
		}
		if number := factors.Number(); number != nil {
			office.numbers[number.E164] = r.ID
		}
		fields := Fields{r.Name, r.Email, account.Role(r.Role)}
		office.users[r.Username] = existing{r.ID, fields, r.Language, factors}
	}
	if office.open, err = s.q.OfficeCountryList(ctx, tx, sess.User.OfficeID); err != nil {
		return Plan{}, fmt.Errorf("read the countries of office %d: %w", sess.User.OfficeID, err)
	}
	used, err := s.q.MobileNumberCountries(ctx, tx, sess.User.OfficeID)
	if err != nil {
		return Plan{}, fmt.Errorf("count the countries in use: %w", err)
	}
	counted := make([]phone.Country, len(used))
	for i, country := range used {
		counted[i] = phone.Country(country)
	}
	office.country = phone.MostUsed(counted)[0]
	return plan(lines, office, sess.User), nil
}

// Import does what the plan with this digest says, all of it or nothing: the lines are judged anew, behind
// every other change. made are the users it made, as far as the file wants them invited.
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
				return fmt.Errorf("import line %d: %w", step.Line, err)
			}
			if step.Invite {
				made = append(made, id)
			}
		}
		event := sess.Event(audit.UsersImported, client)
		event.Detail = strconv.Itoa(done.New + done.Changed)
		return s.log.Write(ctx, tx, event)
	})
	// The command line made one of them between the plan and its turn, or somebody enrolled themselves.
	if db.IsUnique(err) || errors.Is(err, twofactor.ErrHasFactor) {
		return Plan{}, nil, ErrChanged
	}
	if err != nil {
		return Plan{}, nil, err
	}
	return done, made, nil
}

// take does one step, and returns the id of its user.
func (s *Service) take(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client,
	step Step) (id int64, err error) {
	switch {
	case step.New():
		id, err = s.insert(ctx, tx, sess, client, step.Username, step.Will)
	case step.Changes():
		var was dbsqlc.OfficeUserLockRow
		if was, err = s.lock(ctx, tx, sess, step.UserID); err == nil {
			id, err = was.ID, s.update(ctx, tx, sess, client, was, step.Will)
		}
	default:
		return step.UserID, nil
	}
	if err != nil {
		return 0, err
	}
	if step.Language != "" {
		if err := s.speak(ctx, tx, sess, client, id, step); err != nil {
			return 0, err
		}
	}
	if (step.Number != phone.Number{}) {
		return id, s.numbers.RegisterNumberTx(ctx, tx, sess, client, id, step.Number)
	}
	return id, nil
}

// speak gives a user the language of a step, and writes it down of who was there before.
func (s *Service) speak(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, id int64,
	step Step) error {
	err := s.q.UserLanguageSet(ctx, tx, dbsqlc.UserLanguageSetParams{ID: id, Language: step.Language})
	if err != nil {
		return fmt.Errorf("set the language of user %d: %w", id, err)
	}
	if step.New() {
		return nil
	}
	return s.write(ctx, tx, sess, client, audit.UserChanged, audit.Person{ID: id, Name: step.Username}, "language")
}
