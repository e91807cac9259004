package account

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/typed"
	"github.com/nightlatch/nightlatch/templates"
)

// PasswordStrength is linkStrength in settings.
func (s *Screens) PasswordStrength(c echo.Context) error {
	user := web.CurrentSession(c).User
	rules, err := s.accounts.PasswordRules(c.Request().Context(), user.OfficeID, user.ID)
	if err != nil {
		return err
	}
	return s.ShowStrength(c, rules)
}

// PasswordPage changes one's own password.
func (s *Screens) PasswordPage(c echo.Context) error { return s.showPassword(c, "", "", "") }

func (s *Screens) showPassword(c echo.Context, present, problem, again string) error {
	sess := web.CurrentSession(c)
	rules, err := s.accounts.PasswordRules(c.Request().Context(), sess.User.OfficeID, sess.User.ID)
	if err != nil {
		return err
	}
	if again != "" && problem == "" { // all that is wrong is told at once
		problem = s.RefusalOf(c, c.FormValue("password"), rules)
	}
	view := templates.PasswordView{
		Heading: s.T(c, "password.title"), Lead: s.T(c, "password.lead"), Action: paths.Password,
		Username: sess.User.Username,
		Strength: paths.PasswordStrength, AskCurrent: true, CurrentError: present, Error: problem, RepeatError: again,
		Hint: s.T(c, "password.hint", "Least", rules.Least()), Save: s.T(c, "password.save"),
		Back: &templates.Link{URL: paths.Me, Text: s.T(c, "cancel")},
	}
	if sess.PasswordTooShort {
		view.Lead, view.Back, view.LogOut = s.T(c, "password.lead_short", "Office", sess.OfficeName, "Least",
			rules.Least()), nil, true
	}
	return web.Page(c, web.StatusFor(present+problem+again), templates.Password,
		s.Layout(c, view.Heading, paths.Password), view)
}

func (s *Screens) ChangePassword(c echo.Context) error {
	ctx, sess, password := c.Request().Context(), web.CurrentSession(c), c.FormValue("password")
	if typed.Password(password) != typed.Password(c.FormValue("again")) {
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
	return s.Tell(c, paths.Me, "password_changed")
}
