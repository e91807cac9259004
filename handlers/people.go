package handlers

import (
	"errors"
	"fmt"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
	"github.com/nightlatch/nightlatch/templates"
)

const pathUsers = "/settings/users"

func userPath(id int64, rest string) string { return fmt.Sprintf("%s/%d%s", pathUsers, id, rest) }

// provenFirst asks for a fresh proof before a form is shown, so that nothing typed is lost to it. done says
// that the request has its answer.
func (s *Site) provenFirst(c echo.Context, next string) (done bool, err error) {
	err = users.MayChange(must(c))
	if errors.Is(err, twofactor.ErrNotFresh) {
		return true, s.redirect(c, withNext("/settings/confirm", next))
	}
	return err != nil, err
}

// known answers the user of the address: another office's is as unknown as none, before anything else is said.
func (s *Site) known(c echo.Context) (account.Profile, error) {
	id, err := idParam(c)
	if err != nil {
		return account.Profile{}, err
	}
	return s.Accounts.Profile(c.Request().Context(), must(c).User.OfficeID, id)
}

// newUserPage asks who the new user is.
func (s *Site) newUserPage(c echo.Context) error {
	if done, err := s.provenFirst(c, pathUsers+"/new"); done {
		return err
	}
	return s.showUserForm(c, templates.UserForm{Role: string(account.RoleUser)}, nil)
}

func (s *Site) addUser(c echo.Context) error {
	ctx, sess := c.Request().Context(), must(c)
	form := postedUser(c)
	form.Username = c.FormValue("username")
	id, err := s.People.Add(ctx, sess, s.client(c), form.Username, fieldsOf(form))
	if errors.Is(err, twofactor.ErrNotFresh) {
		return s.redirect(c, withNext("/settings/confirm", pathUsers+"/new"))
	}
	if err != nil {
		return s.showUserForm(c, form, err)
	}
	done := "user_added"
	if s.Invites != nil {
		done = "user_added_invited"
		if err := s.Invites.Invite(ctx, sess.User.Person(), sess.User.OfficeID, id); err != nil {
			s.logger.WarnContext(ctx, "invite a new user", "request", requestOf(c), "user", id, "error", err)
			done = "user_not_invited"
		}
	}
	return s.redirect(c, userPath(id, "?done="+done))
}

// changeUserPage is a user's name, e-mail address and role.
func (s *Site) changeUserPage(c echo.Context) error {
	user, err := s.known(c)
	if err != nil {
		return err
	}
	if done, err := s.provenFirst(c, userPath(user.ID, "/change")); done {
		return err
	}
	return s.showUserForm(c, templates.UserForm{ID: user.ID, Username: user.Username, Name: user.Name, Email: user.Email, Role: string(user.Role)}, nil)
}

func (s *Site) changeUser(c echo.Context) error {
	user, err := s.known(c)
	if err != nil {
		return err
	}
	form := postedUser(c)
	form.ID, form.Username = user.ID, user.Username
	err = s.People.Change(c.Request().Context(), must(c), s.client(c), user.ID, fieldsOf(form))
	switch {
	case errors.Is(err, twofactor.ErrNotFresh):
		return s.redirect(c, withNext("/settings/confirm", userPath(user.ID, "/change")))
	case err != nil:
		return s.showUserForm(c, form, err)
	}
	return s.redirect(c, userPath(user.ID, "?done=saved"))
}

// postedUser reads the fields that a superuser may set, and no others.
func postedUser(c echo.Context) templates.UserForm {
	return templates.UserForm{Name: c.FormValue("name"), Email: c.FormValue("email"), Role: c.FormValue("role")}
}

func fieldsOf(form templates.UserForm) users.Fields {
	return users.Fields{Name: form.Name, Email: form.Email, Role: account.Role(form.Role)}
}

// showUserForm shows the form, with why it was refused beside the field. An error that is no refusal is answered.
func (s *Site) showUserForm(c echo.Context, form templates.UserForm, refused error) error {
	sess := must(c)
	form.Heading, form.Action, form.Own = s.t(c, "user.new_title"), pathUsers+"/new", form.ID == sess.User.ID
	if form.ID != 0 {
		form.Heading, form.Action = s.t(c, "user.change_title", "Name", form.Username), userPath(form.ID, "/change")
	}
	form.NoMail, form.OfficeCode = s.Invites == nil && form.ID == 0, sess.OfficeCode
	for _, role := range users.Roles {
		if sess.User.Role.AtLeast(role) {
			form.Roles = append(form.Roles, string(role))
		}
	}
	var problem users.Problem
	said := ""
	switch {
	case errors.As(refused, &problem):
		said = s.t(c, "roster."+string(problem))
		switch problem {
		case users.BadUsername:
			form.UsernameError = said
		case users.BadName:
			form.NameError = said
		case users.BadEmail, users.NoEmail:
			form.EmailError = said
		default:
			form.RoleError = said
		}
	case errors.Is(refused, users.ErrTaken):
		said = s.t(c, "roster.taken")
		form.UsernameError = said
	case errors.Is(refused, users.ErrLastSuperuser):
		said = s.t(c, "user.last_superuser")
		form.RoleError = said
	case refused != nil:
		return refused
	}
	f, err := s.inside(c, form.Heading, form.Action, templates.SectionUsers)
	if err != nil {
		return err
	}
	return page(c, statusFor(said), templates.UserEdit, f, form)
}

// toUser does one thing to the user of the address and says so, or says why not.
func (s *Site) toUser(c echo.Context, question, done string, do func(session.Session, session.Client, int64) error) error {
	user, err := s.known(c)
	if err != nil {
		return err
	}
	err = do(must(c), s.client(c), user.ID)
	switch {
	case errors.Is(err, twofactor.ErrNotFresh):
		return s.redirect(c, withNext("/settings/confirm", userPath(user.ID, question)))
	case errors.Is(err, users.ErrLastSuperuser):
		return s.showUser(c, shownUser{problem: s.t(c, "user.last_superuser")})
	case errors.Is(err, users.ErrYourself):
		return s.showUser(c, shownUser{problem: s.t(c, "user.end_yourself")})
	case err != nil:
		return err
	}
	if done == "user_deleted" {
		return s.redirect(c, pathUsers+"?done="+done)
	}
	return s.redirect(c, userPath(user.ID, "?done="+done))
}

func (s *Site) disableQuestion(c echo.Context) error {
	return s.showUser(c, shownUser{question: func(u account.Profile) templates.Question {
		return templates.Question{
			Title: s.t(c, "user.disable_title", "Name", u.Name), Text: s.t(c, "user.disable_question", "Name", u.Name),
			Action: userPath(u.ID, "/disable"), Yes: s.t(c, "user.disable_yes"),
		}
	}})
}

func (s *Site) disableUser(c echo.Context) error {
	return s.toUser(c, "/disable", "user_disabled", func(sess session.Session, client session.Client, id int64) error {
		return s.People.Disable(c.Request().Context(), sess, client, id)
	})
}

func (s *Site) enableUser(c echo.Context) error {
	return s.toUser(c, "", "user_enabled", func(sess session.Session, client session.Client, id int64) error {
		return s.People.Enable(c.Request().Context(), sess, client, id)
	})
}

func (s *Site) deleteQuestion(c echo.Context) error {
	return s.showUser(c, shownUser{question: func(u account.Profile) templates.Question {
		return templates.Question{
			Title: s.t(c, "user.delete_title", "Name", u.Name, "Username", u.Username), Text: s.t(c, "user.delete_text"),
			Notes:  []templates.Note{{Icon: "triangle-alert", Text: s.t(c, "user.delete_question"), Warning: true}},
			Action: userPath(u.ID, "/delete"), Yes: s.t(c, "user.delete_yes"),
		}
	}})
}

func (s *Site) deleteUser(c echo.Context) error {
	return s.toUser(c, "/delete", "user_deleted", func(sess session.Session, client session.Client, id int64) error {
		return s.People.Delete(c.Request().Context(), sess, client, id)
	})
}

// inviteUser sends the user the link with which they choose a password. The link reaches them alone.
func (s *Site) inviteUser(c echo.Context) error {
	user, err := s.known(c)
	if err != nil {
		return err
	}
	ctx, sess := c.Request().Context(), must(c)
	switch {
	case s.Invites == nil:
		return s.showUser(c, shownUser{problem: s.t(c, "user.no_mail")})
	case user.Email == "":
		return s.showUser(c, shownUser{problem: s.t(c, "user.no_password_email")})
	}
	if err := s.Invites.Invite(ctx, sess.User.Person(), sess.User.OfficeID, user.ID); err != nil {
		s.logger.WarnContext(ctx, "invite a user", "request", requestOf(c), "user", user.ID, "error", err)
		return s.showUser(c, shownUser{problem: s.t(c, "user.invite_failed")})
	}
	return s.redirect(c, userPath(user.ID, "?done=user_invited"))
}

// askReset leaves the superusers a request.
func (s *Site) askReset(c echo.Context) error {
	return s.toUser(c, "", "reset_asked", func(sess session.Session, client session.Client, id int64) error {
		return s.People.AskReset(c.Request().Context(), sess, client, id)
	})
}

func (s *Site) declineReset(c echo.Context) error {
	return s.toUser(c, "", "reset_declined", func(sess session.Session, client session.Client, id int64) error {
		return s.People.DeclineReset(c.Request().Context(), sess, client, id)
	})
}

func (s *Site) endSessionsQuestion(c echo.Context) error {
	return s.showUser(c, shownUser{question: func(u account.Profile) templates.Question {
		question := templates.Question{
			Title: s.t(c, "user.end_sessions_title", "Name", u.Name), Text: s.t(c, "user.end_sessions_text", "Name", u.Name),
			Action: userPath(u.ID, "/end-sessions"), Yes: s.t(c, "user.end_sessions_yes"),
		}
		if u.ID == must(c).User.ID {
			question.Text = s.t(c, "user.end_sessions_own")
		}
		return question
	}})
}

func (s *Site) endSessionsOfUser(c echo.Context) error {
	return s.toUser(c, "", "sessions_ended", func(sess session.Session, client session.Client, id int64) error {
		return s.People.LogOut(c.Request().Context(), sess, client, id)
	})
}

// endAllQuestion asks before the whole office is logged out.
func (s *Site) endAllQuestion(c echo.Context) error {
	question := templates.Question{
		Title: s.t(c, "users.end_all_title", "Office", must(c).OfficeName), Text: s.t(c, "users.end_all_text"),
		Action: pathUsers + "/end-sessions", Yes: s.t(c, "users.end_all_yes"), Check: s.t(c, "users.end_all_own"),
	}
	if wantsFragment(c.Request()) {
		return fragment(c, 200, templates.QuestionDialog, s.lang(c), question)
	}
	view, err := s.usersView(c)
	if err != nil {
		return err
	}
	view.Question = &question
	return s.showUsers(c, view)
}

func (s *Site) endAllSessions(c echo.Context) error {
	if err := s.People.LogOutAll(c.Request().Context(), must(c), s.client(c), c.FormValue("also") == "yes"); err != nil {
		return err
	}
	return s.redirect(c, pathUsers+"?done=sessions_ended")
}
