package operator

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// MePage is the operator's own settings.
func (s *Screens) MePage(c echo.Context) error {
	sess := web.CurrentSession(c)
	sessions, err := s.sessions.List(c.Request().Context(), sess)
	if err != nil {
		return err
	}
	view := pages.MeView{Username: sess.User.Username, Sessions: s.SessionList(c, sessions)}
	return web.Page(c, http.StatusOK, pages.Me,
		s.layout(c, s.T(c, "me.title"), paths.OperatorMe, templates.SectionMe), view)
}

// EndSession ends another session of the operator's own. It needs no proof, since in need it must be quick.
func (s *Screens) EndSession(c echo.Context) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	err = s.sessions.EndOne(c.Request().Context(), web.CurrentSession(c), id, s.Client(c))
	if errors.Is(err, session.ErrNone) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OperatorMe, "session_ended")
}

// EndOtherSessions ends all of the operator's own but this one.
func (s *Screens) EndOtherSessions(c echo.Context) error {
	if err := s.sessions.EndOthers(c.Request().Context(), web.CurrentSession(c), s.Client(c)); err != nil {
		return err
	}
	return s.Tell(c, paths.OperatorMe, "sessions_ended")
}

// PasswordPage changes the operator's own password.
func (s *Screens) PasswordPage(c echo.Context) error { return s.showPassword(c, "", "", "") }

func (s *Screens) showPassword(c echo.Context, present, problem, again string) error {
	user := web.CurrentSession(c).User
	rules, err := s.accounts.PasswordRules(c.Request().Context(), user.OfficeID, user.ID)
	if err != nil {
		return err
	}
	view := templates.PasswordView{
		Heading: s.T(c, "password.title"), Lead: s.T(c, "password.lead"), Action: paths.OperatorPassword,
		Strength: paths.OperatorPasswordStrength, Username: user.Username, AskCurrent: true,
		CurrentError: present, Error: problem, RepeatError: again,
		Hint: s.T(c, "password.hint", "Least", rules.Least()), Save: s.T(c, "password.save"),
		Back: &templates.Link{URL: paths.OperatorMe, Text: s.T(c, "cancel")},
	}
	return web.Page(c, web.StatusFor(present+problem+again), templates.Password,
		s.Layout(c, view.Heading, paths.OperatorPassword), view)
}

// PasswordStrength says in words how good a password is while it is typed.
func (s *Screens) PasswordStrength(c echo.Context) error {
	user := web.CurrentSession(c).User
	rules, err := s.accounts.PasswordRules(c.Request().Context(), user.OfficeID, user.ID)
	if err != nil {
		return err
	}
	return s.ShowStrength(c, rules)
}

// ChangePassword takes the present password and a new one: every other session of the operator's ends with it.
func (s *Screens) ChangePassword(c echo.Context) error {
	ctx, sess, password := c.Request().Context(), web.CurrentSession(c), c.FormValue("password")
	if password != c.FormValue("again") {
		return s.showPassword(c, "", "", s.T(c, "password.differ"))
	}
	err := s.accounts.ChangePassword(ctx, sess.User, sess.ID, c.FormValue("present"), password, s.PasswordOrigin(c))
	var refusal *account.Refusal
	var delay *account.Delay
	switch {
	case errors.As(err, &refusal):
		return s.showPassword(c, "", s.PasswordRefusal(c, refusal), "")
	case errors.Is(err, account.ErrWrong):
		return s.showPassword(c, s.T(c, "confirm.wrong_password"), "", "")
	case errors.As(err, &delay):
		return s.showPassword(c, s.N(c, "login.delay", int(delay.Wait.Seconds())), "", "")
	case err != nil:
		return err
	}
	token, err := s.sessions.ProvePassword(ctx, sess)
	if err != nil {
		return err
	}
	s.SetSession(c, token)
	return s.Tell(c, paths.OperatorMe, "password_changed")
}
