package users

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/users"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/users"
)

// NewPage shows the form of a new user.
func (s *Screens) NewPage(c echo.Context) error {
	return s.showUserForm(c, pages.UserForm{Role: string(account.RoleUser)}, nil)
}

// Add adds a user, and invites them where mail is sent.
func (s *Screens) Add(c echo.Context) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	form := postedUser(c)
	form.Username = c.FormValue("username")
	id, err := s.users.Add(ctx, sess, s.Client(c), form.Username, fieldsOf(form))
	if err != nil {
		return s.showUserForm(c, form, err)
	}
	done := "user_added"
	if s.users.CanMail() {
		done = "user_added_invited"
		if err := s.users.Invite(ctx, sess, s.Client(c), id); err != nil {
			s.Logger.WarnContext(ctx, "invite a new user", "request", web.RequestID(c), "user", id, "error", err)
			done = "user_not_invited"
		}
	}
	return s.Tell(c, paths.To(paths.User, id), done)
}

// ChangePage shows a user's name, e-mail address and role.
func (s *Screens) ChangePage(c echo.Context) error {
	user := requestedUser(c)
	return s.showUserForm(c, pages.UserForm{
		ID: user.ID, Username: user.Username, Name: user.Name, Email: user.Email, Role: string(user.Role),
	}, nil)
}

// Change changes them.
func (s *Screens) Change(c echo.Context) error {
	user := requestedUser(c)
	form := postedUser(c)
	form.ID, form.Username = user.ID, user.Username
	err := s.users.Change(c.Request().Context(), web.CurrentSession(c), s.Client(c), user.ID, fieldsOf(form))
	if err != nil {
		return s.showUserForm(c, form, err)
	}
	return s.Tell(c, paths.To(paths.User, user.ID), "saved")
}

// postedUser reads the fields that a superuser may set, and no others.
func postedUser(c echo.Context) pages.UserForm {
	return pages.UserForm{Name: c.FormValue("name"), Email: c.FormValue("email"), Role: c.FormValue("role")}
}

func fieldsOf(form pages.UserForm) users.Fields {
	return users.Fields{Name: form.Name, Email: form.Email, Role: account.Role(form.Role)}
}

// showUserForm shows the form, with why it was refused beside the field. It returns an error that is no refusal.
func (s *Screens) showUserForm(c echo.Context, form pages.UserForm, refused error) error {
	sess := web.CurrentSession(c)
	form.Heading, form.Action, form.Own = s.T(c, "user.new_title"), paths.UserNew, form.ID == sess.User.ID
	if form.ID != 0 {
		form.Heading, form.Action = s.T(c, "user.change_title", "Name", form.Username), paths.To(paths.UserChange, form.ID)
	}
	form.NoMail, form.OfficeCode = !s.users.CanMail() && form.ID == 0, sess.OfficeCode
	for _, role := range users.Roles {
		if sess.User.Role.AtLeast(role) {
			form.Roles = append(form.Roles, string(role))
		}
	}
	var problems users.Problems
	switch {
	case errors.As(refused, &problems):
		form.UserErrors = s.UserErrors(c, problems)
	case errors.Is(refused, users.ErrTaken):
		form.UsernameError = s.T(c, "user_problem.taken")
	case errors.Is(refused, users.ErrLastSuperuser):
		form.RoleError = s.T(c, "user.last_superuser")
	case refused != nil:
		return refused
	}
	f, err := s.AppLayout(c, form.Heading, form.Action, templates.SectionUsers)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusOf(form), pages.UserEdit, f, form)
}
