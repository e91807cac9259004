package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
)

const (
	pathForgot   = "/login/forgot"
	pathPassword = "/settings/me/password"
)

// origin is where a change of a password comes from, for the mail about it.
func (s *Site) origin(c echo.Context) account.Origin {
	return account.Origin{Address: c.RealIP(), UserAgent: c.Request().UserAgent(), Language: s.lang(c)}
}

// forgotPage asks who forgot their password. With sent it says what happens now: the same to everybody.
func (s *Site) forgotPage(c echo.Context) error {
	return s.showForgot(c, http.StatusOK, templates.ForgotView{Sent: c.QueryParam("sent") == "1"})
}

func (s *Site) showForgot(c echo.Context, status int, view templates.ForgotView) error {
	view.CanMail = s.Accounts.CanMail()
	return page(c, status, templates.Forgot, s.frame(c, s.t(c, "forgot.title"), pathForgot), view)
}

func (s *Site) forgot(c echo.Context) error {
	view := templates.ForgotView{Office: strings.TrimSpace(c.FormValue("office")), Username: strings.TrimSpace(c.FormValue("username"))}
	if view.Office == "" || view.Username == "" {
		view.Error = s.t(c, "forgot.missing")
		return s.showForgot(c, http.StatusUnprocessableEntity, view)
	}
	err := s.Accounts.Forgot(c.Request().Context(), view.Office, view.Username, s.origin(c))
	switch {
	case errors.Is(err, account.ErrNoMail):
		return s.redirect(c, pathForgot)
	case errors.Is(err, account.ErrTooMany):
		view.Error = s.t(c, "forgot.too_many")
		return s.showForgot(c, http.StatusTooManyRequests, view)
	case err != nil:
		return err
	}
	return s.redirect(c, pathForgot+"?sent=1")
}

// linkPage asks for the new password behind a link from a mail. It changes nothing: mail scanners open links too.
func (s *Site) linkPage(c echo.Context) error {
	return s.showLink(c, account.Token(c.Param("token")), "", "")
}

func (s *Site) showLink(c echo.Context, token account.Token, problem, again string) error {
	link, err := s.Accounts.OpenLink(c.Request().Context(), token)
	if errors.Is(err, account.ErrLink) {
		return s.showLinkOver(c)
	}
	if err != nil {
		return err
	}
	heading := s.t(c, "link."+string(link.Purpose)+"_title")
	view := templates.PasswordView{
		Heading: heading, Lead: s.t(c, "link."+string(link.Purpose)+"_lead", "Username", link.Username, "Code", link.OfficeCode, "Office", link.OfficeName),
		Action: "/link/" + string(token), Username: link.Username, Token: string(token), Strength: "/link/strength",
		Error: problem, RepeatError: again, Hint: s.t(c, "password.hint", "Least", link.For.Least()), Save: s.t(c, "password.set"),
	}
	return page(c, statusFor(problem+again), templates.Password, s.frame(c, heading, view.Action), view)
}

func (s *Site) showLinkOver(c echo.Context) error {
	return page(c, http.StatusGone, templates.LinkExpired, s.frame(c, s.t(c, "link.over_title"), pathForgot), templates.LinkExpiredView{CanMail: s.Accounts.CanMail()})
}

// useLink sets the password. It signs nobody in: the log-in, with its second step, comes next.
func (s *Site) useLink(c echo.Context) error {
	token, password := account.Token(c.Param("token")), c.FormValue("password")
	if password != c.FormValue("again") {
		return s.showLink(c, token, "", s.t(c, "password.differ"))
	}
	err := s.Accounts.UseLink(c.Request().Context(), token, password, s.origin(c))
	var refusal *account.Refusal
	switch {
	case errors.As(err, &refusal):
		return s.showLink(c, token, s.refusalText(c, refusal), "")
	case errors.Is(err, account.ErrLink):
		return s.showLinkOver(c)
	case err != nil:
		return err
	}
	return s.redirect(c, "/login?why=password")
}

func (s *Site) refusalText(c echo.Context, r *account.Refusal) string {
	return s.t(c, r.Key, r.Args...)
}

// linkStrength says how good a password is while it is typed behind a link.
func (s *Site) linkStrength(c echo.Context) error {
	link, err := s.Accounts.OpenLink(c.Request().Context(), account.Token(c.FormValue("token")))
	if errors.Is(err, account.ErrLink) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	return s.showStrength(c, link.For)
}

// myStrength is linkStrength in settings.
func (s *Site) myStrength(c echo.Context) error {
	user := must(c).User
	rules, err := s.Accounts.PasswordRules(c.Request().Context(), user.OfficeID, user.ID)
	if err != nil {
		return err
	}
	return s.showStrength(c, rules)
}

func (s *Site) showStrength(c echo.Context, rules account.PasswordFor) error {
	view, password := templates.StrengthView{}, c.FormValue("password")
	if password != "" {
		view.Strength = templates.Strength(account.Strength(password, rules))
	}
	if refusal := account.PasswordProblem(password, rules); refusal != nil && password != "" {
		view.Text = s.refusalText(c, refusal)
	}
	return fragment(c, http.StatusOK, templates.PasswordStrength, s.lang(c), view)
}

// passwordPage changes one's own password.
func (s *Site) passwordPage(c echo.Context) error { return s.showPassword(c, "", "", "") }

func (s *Site) showPassword(c echo.Context, present, problem, again string) error {
	sess := must(c)
	rules, err := s.Accounts.PasswordRules(c.Request().Context(), sess.User.OfficeID, sess.User.ID)
	if err != nil {
		return err
	}
	view := templates.PasswordView{
		Heading: s.t(c, "password.title"), Lead: s.t(c, "password.lead"), Action: pathPassword, Username: sess.User.Username,
		Strength: pathPassword + "/strength", AskCurrent: true, CurrentError: present, Error: problem, RepeatError: again,
		Hint: s.t(c, "password.hint", "Least", rules.Least()), Save: s.t(c, "password.save"), Back: &templates.Link{URL: pathMe, Text: s.t(c, "cancel")},
	}
	if sess.PasswordTooShort {
		view.Lead, view.Back, view.LogOut = s.t(c, "password.lead_short", "Office", sess.OfficeName, "Least", rules.Least()), nil, true
	}
	return page(c, statusFor(present+problem+again), templates.Password, s.frame(c, view.Heading, pathPassword), view)
}

func (s *Site) changePassword(c echo.Context) error {
	ctx, sess, password := c.Request().Context(), must(c), c.FormValue("password")
	if password != c.FormValue("again") {
		return s.showPassword(c, "", "", s.t(c, "password.differ"))
	}
	err := s.Accounts.ChangePassword(ctx, sess.User, sess.ID, c.FormValue("present"), password, s.origin(c))
	var refusal *account.Refusal
	var delay *account.Delay
	switch {
	case errors.As(err, &refusal):
		return s.showPassword(c, "", s.refusalText(c, refusal), "")
	case errors.Is(err, account.ErrWrong):
		return s.showPassword(c, s.t(c, "confirm.wrong_password"), "", "")
	case errors.As(err, &delay):
		return s.showPassword(c, s.n(c, "login.delay", int(delay.Wait.Seconds())), "", "")
	case err != nil:
		return err
	}
	token, err := s.Sessions.ProvePassword(ctx, sess)
	if errors.Is(err, session.ErrNone) {
		return s.redirect(c, "/login?why=over")
	}
	if err != nil {
		return err
	}
	s.setSession(c, token)
	return s.redirect(c, pathMe+"?done=password_changed")
}

// mustChangePassword leads who has to change their password to where that is done, before anything else.
func mustChangePassword(c echo.Context, sess session.Session) bool {
	return sess.PasswordTooShort && !strings.HasPrefix(c.Path(), pathPassword)
}
