package users

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// Roles are the roles of an office's users, the least first. (An operator belongs to no office.)
var Roles = [...]account.Role{account.RoleUser, account.RoleAccountant, account.RoleSuperuser}

// Fields are what a superuser says of a user. A username cannot change.
type Fields struct {
	Name  string
	Email string // "" for none
	Role  account.Role
}

// clean returns the fields as they are stored.
func (f Fields) clean() Fields {
	return Fields{typed.Line(f.Name), typed.Email(f.Email), f.Role}
}

// keep returns the fields, each as it was where it was only spelt otherwise.
func (f Fields) keep(was Fields) Fields {
	if old := was.clean(); f.Name == old.Name {
		f.Name = was.Name
	}
	if old := was.clean(); f.Email == old.Email {
		f.Email = was.Email
	}
	return f
}

// problems returns what is wrong with cleaned fields given by somebody of role actor.
func (f Fields) problems(actor account.Role) (all Problems) {
	if f.Name == "" || len([]rune(f.Name)) > account.MaxNameLength {
		all = append(all, BadName)
	}
	if f.Email != "" && !account.ValidEmail(f.Email) {
		all = append(all, BadEmail)
	}
	switch {
	case !slices.Contains(Roles[:], f.Role):
		all = append(all, BadRole)
	case !actor.AtLeast(f.Role):
		all = append(all, HigherRole)
	}
	return all
}

// newProblems is problems for a user who is to be made: they are invited by mail.
func newProblems(username string, f Fields, actor account.Role) (all Problems) {
	if !account.ValidUsername(username) {
		all = append(all, BadUsername)
	}
	all = append(all, f.problems(actor)...)
	if f.Email == "" {
		all = append(all, NoEmail)
	}
	return all
}

// Add makes a user of the session's office, without a password: nothing matches until an invitation has set
// one. It returns Problems, ErrTaken, fault.Forbidden, fault.StepUpRequired.
func (s *Service) Add(ctx context.Context, sess session.Session, client session.Client, username string,
	f Fields) (id int64, err error) {
	if err := sess.May(changing); err != nil {
		return 0, err
	}
	username, f = account.CanonicalUsername(username), f.clean()
	if err := newProblems(username, f, sess.User.Role).err(); err != nil {
		return 0, err
	}
	err = s.act(ctx, sess, changing, func(tx pgx.Tx) error {
		id, err = s.insert(ctx, tx, sess, client, username, f)
		return err
	})
	if db.IsUnique(err) {
		return 0, ErrTaken
	}
	return id, err
}

func (s *Service) insert(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, username string,
	f Fields) (int64, error) {
	id, err := s.q.UserInsert(ctx, tx, dbsqlc.UserInsertParams{
		OfficeID: sess.User.OfficeID, Username: username, Name: f.Name, Email: f.Email,
		Role: string(f.Role), PasswordHash: "",
	})
	if err != nil {
		return 0, fmt.Errorf("insert a user: %w", err)
	}
	return id, s.write(ctx, tx, sess, client, audit.UserCreated, audit.Person{ID: id, Name: username}, string(f.Role))
}

// Change gives a user of the session's office a name, an e-mail address and a role. Another role ends every
// session of the user, the acting one included when it is their own.
// It returns Problems, ErrLastSuperuser, account.ErrUnknown, fault.Forbidden, fault.StepUpRequired.
func (s *Service) Change(ctx context.Context, sess session.Session, client session.Client, id int64, f Fields) error {
	if err := sess.May(changing); err != nil {
		return err
	}
	f = f.clean()
	if err := f.problems(sess.User.Role).err(); err != nil {
		return err
	}
	return s.act(ctx, sess, changing, func(tx pgx.Tx) error {
		was, err := s.lock(ctx, tx, sess, id)
		if err != nil {
			return err
		}
		return s.update(ctx, tx, sess, client, was, f)
	})
}

func (s *Service) update(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client,
	was dbsqlc.OfficeUserLockRow, f Fields) error {
	before := Fields{was.Name, was.Email, account.Role(was.Role)}
	if f = f.keep(before); f == before {
		return nil
	}
	err := s.q.OfficeUserChange(ctx, tx, dbsqlc.OfficeUserChangeParams{
		OfficeID: sess.User.OfficeID, ID: was.ID, Name: f.Name, Email: f.Email, Role: string(f.Role),
	})
	if err != nil {
		return fmt.Errorf("change user %d: %w", was.ID, err)
	}
	subject := audit.Person{ID: was.ID, Name: was.Username}
	if err := s.writeChange(ctx, tx, sess, client, was, f); err != nil {
		return err
	}
	if string(f.Role) == was.Role {
		return nil
	}
	if _, err := s.sessions.End(ctx, tx, session.Which{UserID: was.ID}); err != nil {
		return err
	}
	return s.write(ctx, tx, sess, client, audit.RoleChanged, subject, string(f.Role))
}

// writeChange writes down that name or address changed. Another address is another way in: links go there.
func (s *Service) writeChange(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client,
	was dbsqlc.OfficeUserLockRow, f Fields) error {
	event := sess.Event(audit.UserChanged, client)
	event.Subject, event.Detail = audit.Person{ID: was.ID, Name: was.Username}, changed(was, f)
	switch {
	case event.Detail == "":
		return nil
	case was.Email == f.Email:
		return s.log.Write(ctx, tx, event)
	}
	return s.ways.Changed(ctx, tx, account.Changed{
		Way: account.WayAddress, UserID: was.ID, What: "address_changed", Was: was.Email,
		From: account.Origin{Language: client.Language}, Event: event, // the browser is a superuser's
	})
}

// changed says which of name and e-mail address differ, as a key of the catalogue (detail.<…>).
func changed(was dbsqlc.OfficeUserLockRow, f Fields) string {
	switch name, email := was.Name != f.Name, was.Email != f.Email; {
	case name && email:
		return "name_email"
	case name:
		return "name"
	case email:
		return "email"
	}
	return ""
}

// Disable ends every session and link of a user and lets no new one begin. Doing it twice does no harm.
// It returns ErrYourself, ErrLastSuperuser, account.ErrUnknown, fault.Forbidden, fault.StepUpRequired.
func (s *Service) Disable(ctx context.Context, sess session.Session, client session.Client, id int64) error {
	return s.toOther(ctx, sess, id, func(tx pgx.Tx, was dbsqlc.OfficeUserLockRow) error {
		n, err := s.q.OfficeUserDisable(ctx, tx, dbsqlc.OfficeUserDisableParams{OfficeID: sess.User.OfficeID, ID: id})
		if err != nil {
			return fmt.Errorf("disable user %d: %w", id, err)
		}
		if n == 0 {
			return nil
		}
		if _, err := s.sessions.End(ctx, tx, session.Which{UserID: id}); err != nil {
			return err
		}
		// Whoever asked for a link must not have it back with the user.
		if err := s.q.LinkEndOfUser(ctx, tx, dbsqlc.LinkEndOfUserParams{UserID: id}); err != nil {
			return fmt.Errorf("end the links of user %d: %w", id, err)
		}
		return s.write(ctx, tx, sess, client, audit.UserDisabled, audit.Person{ID: id, Name: was.Username}, "")
	})
}

// Enable lets a disabled user log in again. It returns as Disable does.
func (s *Service) Enable(ctx context.Context, sess session.Session, client session.Client, id int64) error {
	return s.toOther(ctx, sess, id, func(tx pgx.Tx, was dbsqlc.OfficeUserLockRow) error {
		n, err := s.q.OfficeUserEnable(ctx, tx, dbsqlc.OfficeUserEnableParams{OfficeID: sess.User.OfficeID, ID: id})
		if err != nil {
			return fmt.Errorf("enable user %d: %w", id, err)
		}
		if n == 0 {
			return nil
		}
		return s.write(ctx, tx, sess, client, audit.UserEnabled, audit.Person{ID: id, Name: was.Username}, "")
	})
}

// Delete removes a user with their factors and sessions for good. What they did stays in the history, by
// their username. It returns as Disable does.
func (s *Service) Delete(ctx context.Context, sess session.Session, client session.Client, id int64) error {
	return s.toOther(ctx, sess, id, func(tx pgx.Tx, was dbsqlc.OfficeUserLockRow) error {
		// In the order in which everybody takes these rows; the cascade has its own.
		if _, err := s.sessions.End(ctx, tx, session.Which{UserID: id}); err != nil {
			return err
		}
		if _, err := s.q.OfficeUserDelete(ctx, tx, dbsqlc.OfficeUserDeleteParams{OfficeID: sess.User.OfficeID,
			ID: id}); err != nil {
			return fmt.Errorf("delete user %d: %w", id, err)
		}
		return s.write(ctx, tx, sess, client, audit.UserDeleted, audit.Person{ID: id, Name: was.Username}, "")
	})
}

// toOther is change for what a superuser may do to anybody but themselves.
func (s *Service) toOther(ctx context.Context, sess session.Session, id int64,
	do func(pgx.Tx, dbsqlc.OfficeUserLockRow) error) error {
	if err := sess.May(changing); err != nil {
		return err
	}
	if id == sess.User.ID {
		return ErrYourself
	}
	return s.act(ctx, sess, changing, func(tx pgx.Tx) error {
		was, err := s.lock(ctx, tx, sess, id)
		if err != nil {
			return err
		}
		return do(tx, was)
	})
}
