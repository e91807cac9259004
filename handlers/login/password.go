package login

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/typed"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/login"
)

// ForgotPage asks who forgot their password. With sent it says what happens now: the same to everybody.
func (s *Screens) ForgotPage(c echo.Context) error {
	return s.showForgot(c, http.StatusOK, pages.ForgotView{Sent: s.Told(c) == "sent"})
}

func (s *Screens) showForgot(c echo.Context, status int, view pages.ForgotView) error {
	view.CanMail = s.accounts.CanMail()
	return web.Page(c, status, pages.Forgot, s.Layout(c, s.T(c, "forgot.title"), paths.Forgot), view)
}

func (s *Screens) Forgot(c echo.Context) error {
	if !s.accounts.CanMail() {
		return s.Redirect(c, paths.Forgot) // which says so
	}
	view := pages.ForgotView{Office: c.FormValue("office"), Username: c.FormValue("username")}
	view.OfficeError = s.Missing(c, view.Office, "login.enter_office")
	view.UsernameError = s.Missing(c, view.Username, "login.enter_username")
	if view.OfficeError+view.UsernameError != "" {
		return s.showForgot(c, http.StatusUnprocessableEntity, view)
	}
	err := s.accounts.Forgot(c.Request().Context(), view.Office, view.Username, s.PasswordOrigin(c))
	switch {
	case errors.Is(err, account.ErrTooMany):
		view.Error = s.T(c, "forgot.too_many")
		return s.showForgot(c, http.StatusTooManyRequests, view)
	case err != nil:
		return err
	}
	return s.Tell(c, paths.Forgot, "sent")
}

// LinkPage asks for the new password behind a link from a mail. It changes nothing: mail scanners open links too.
func (s *Screens) LinkPage(c echo.Context) error {
	s.KnowBrowser(c)
	return s.showLink(c, account.Token(c.Param("token")), "", "")
}

func (s *Screens) showLink(c echo.Context, token account.Token, problem, again string) error {
	link, err := s.accounts.OpenLink(c.Request().Context(), token)
	if errors.Is(err, account.ErrLink) {
		return s.showLinkOver(c, token)
	}
	if err != nil {
		return err
	}
	if again != "" { // all that is wrong is told at once
		problem = s.RefusalOf(c, c.FormValue("password"), link.For)
	}
	if link.Purpose == account.PurposeStop {
		return s.stopPage(c, token, link)
	}
	heading := s.T(c, "link."+string(link.Purpose)+"_title")
	view := templates.PasswordView{
		Heading: heading, Lead: s.T(c, "link."+string(link.Purpose)+"_lead", "Username", link.Username, "Code",
			link.OfficeCode, "Office", link.OfficeName),
		Action: paths.To(paths.Link, token), Username: link.Username, Token: string(token), Strength: paths.LinkStrength,
		Error: problem, RepeatError: again, Hint: s.T(c, "password.hint", "Least", link.For.Least()),
		Save: s.T(c, "password.set"),
	}
	return web.Page(c, web.StatusFor(problem+again), templates.Password, s.Layout(c, heading, view.Action), view)
}

func (s *Screens) showLinkOver(c echo.Context, token account.Token) error {
	return web.Page(c, http.StatusGone, pages.LinkExpired, s.Layout(c, s.T(c, "link.over_title"), paths.Forgot),
		pages.LinkExpiredView{CanMail: s.accounts.CanMail(), Token: string(token)})
}

// LinkAgain has another link sent to whoever a link is for, and says the same whether there is anybody.
func (s *Screens) LinkAgain(c echo.Context) error {
	err := s.accounts.ForgotLink(c.Request().Context(), account.Token(c.FormValue("token")), s.PasswordOrigin(c))
	switch {
	case errors.Is(err, account.ErrNoMail):
		return s.Redirect(c, paths.Forgot)
	case errors.Is(err, account.ErrTooMany):
		view := pages.ForgotView{Error: s.T(c, "forgot.too_many")}
		return s.showForgot(c, http.StatusTooManyRequests, view)
	case err != nil:
		return err
	}
	return s.Tell(c, paths.Forgot, "sent")
}

// UseLink sets the password. It signs nobody in: the log-in, with its second step, comes next.
func (s *Screens) UseLink(c echo.Context) error {
	token, password := account.Token(c.Param("token")), c.FormValue("password")
	link, opened := s.accounts.OpenLink(c.Request().Context(), token)
	if opened == nil && link.Purpose == account.PurposeStop {
		return s.stop(c, token)
	}
	if typed.Password(password) != typed.Password(c.FormValue("again")) {
		return s.showLink(c, token, "", s.T(c, "password.differ"))
	}
	err := s.accounts.UseLink(c.Request().Context(), token, password, s.PasswordOrigin(c))
	var refusal *account.Refusal
	switch {
	case errors.As(err, &refusal):
		return s.showLink(c, token, s.PasswordRefusal(c, refusal), "")
	case errors.Is(err, account.ErrLink):
		return s.showLinkOver(c, token)
	case err != nil:
		return err
	}
	if opened == nil {
		s.RememberLogin(c, link.OfficeCode, link.Username)
	}
	return s.Tell(c, paths.Login, "password")
}

// LinkStrength says how good a password is while it is typed behind a link.
func (s *Screens) LinkStrength(c echo.Context) error {
	link, err := s.accounts.OpenLink(c.Request().Context(), account.Token(c.FormValue("token")))
	if errors.Is(err, account.ErrLink) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	return s.ShowStrength(c, link.For)
}
