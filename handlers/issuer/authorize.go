package issuer

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/issuer"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
	doors "github.com/nightlatch/nightlatch/templates/door"
	pages "github.com/nightlatch/nightlatch/templates/issuer"
)

// Authorize is where an application sends a browser. Whoever is in is sent back at once; whoever has something to do
// first finds the way on from Continue, after it.
func (s *Screens) Authorize(c echo.Context) error {
	values := c.QueryParams()
	if c.Request().Method == http.MethodPost {
		var err error
		if values, err = c.FormParams(); err != nil {
			return echo.ErrBadRequest
		}
	}
	asked, err := s.provider.Begin(c.Request().Context(), values, s.Client(c))
	if err != nil {
		return s.problem(c, err)
	}
	if asked.Redirect != "" {
		return c.Redirect(http.StatusSeeOther, asked.Redirect)
	}
	s.hints(c, values)
	if c.Request().Method == http.MethodGet {
		out, err := s.provider.Go(c.Request().Context(), asked.Handle, current(c), false, s.Client(c))
		if err != nil {
			return s.problem(c, err)
		}
		if out.Redirect != "" {
			return c.Redirect(http.StatusSeeOther, out.Redirect)
		}
	}
	return s.Redirect(c, paths.To(paths.OAuthContinue, asked.Handle)) // a form of another site brought no cookie
}

// hints takes what an application says of a user who is not here yet: their language, and the name that they type.
func (s *Screens) hints(c echo.Context, values url.Values) {
	if _, in := web.CurrentSessionOK(c); in {
		return
	}
	for _, wanted := range strings.Fields(values.Get("ui_locales")) {
		if base, _, _ := strings.Cut(wanted, "-"); s.Cookie(c, web.CookieLanguage) == "" && locale.Known(base) {
			s.SetCookie(c, web.CookieLanguage, base, web.YearSeconds)
			break
		}
	}
	if office, username, ok := strings.Cut(values.Get("login_hint"), "/"); ok && len(office)+len(username) < 200 {
		s.SetCookie(c, web.CookieLogin, url.Values{"office": {office}, "username": {username}}.Encode(), web.YearSeconds)
	}
}

// current is the session of a request; nil without one.
func current(c echo.Context) *session.Session {
	if sess, ok := web.CurrentSessionOK(c); ok {
		return &sess
	}
	return nil
}

// Continue goes on with an authorization, after each step of its user's.
func (s *Screens) Continue(c echo.Context) error { return s.goOn(c, false) }

// Chosen takes who is here: whoever is signed in, or somebody else.
func (s *Screens) Chosen(c echo.Context) error {
	if c.FormValue("who") != "other" {
		return s.goOn(c, c.FormValue("who") == "me")
	}
	if err := s.provider.Waits(c.Request().Context(), c.Param("handle")); err != nil {
		return s.problem(c, err)
	}
	if err := s.EndPrevious(c, s.Client(c)); err != nil {
		return err
	}
	s.DropSession(c)
	s.ReturnTo(c, here(c))
	return s.Redirect(c, paths.Login)
}

func here(c echo.Context) string { return paths.To(paths.OAuthContinue, c.Param("handle")) }

func (s *Screens) goOn(c echo.Context, chosen bool) error {
	out, err := s.provider.Go(c.Request().Context(), c.Param("handle"), current(c), chosen, s.Client(c))
	if err != nil {
		return s.problem(c, err)
	}
	if out.Redirect != "" {
		// By a page: the answer to a form must not lead to another origin (form-action).
		c.Response().Header().Set("Refresh", "0; url="+out.Redirect)
		view := doors.VisitView{Application: out.Application, Onward: out.Redirect}
		return web.Page(c, http.StatusOK, doors.Visit, s.Layout(c, out.Application, paths.Start), view)
	}
	switch out.Need {
	case issuer.NeedLogIn:
		return session.ErrNone // leads to the log-in, and back here
	case issuer.NeedFinish:
		s.ReturnTo(c, here(c))
		switch sess := web.CurrentSession(c); {
		case sess.Pending():
			return s.Redirect(c, paths.SecondStep)
		case sess.PasskeyOwed:
			return s.Redirect(c, paths.MyPasskeyNew)
		}
		return s.Redirect(c, paths.Password)
	case issuer.NeedProof:
		return s.Redirect(c, paths.Next(paths.StepUp, here(c)))
	case issuer.NeedChoose:
		sess := web.CurrentSession(c)
		view := pages.ChooseView{Application: out.Application, Name: sess.User.Name, Action: here(c),
			Username: sess.OfficeCode + "/" + sess.User.Username}
		return web.Page(c, http.StatusOK, pages.Choose, s.Layout(c, s.T(c, "issuer.choose_title"), here(c)), view)
	}
	return s.notAllowed(c, out)
}

// notAllowed says which application somebody may not enter, why, and whom to ask.
func (s *Screens) notAllowed(c echo.Context, out issuer.Outcome) error {
	view := doors.NotAllowedView{
		Application: out.Application, Why: string(out.Refusal), Office: web.CurrentSession(c).OfficeName,
	}
	title := s.T(c, "door.title_refused", "Application", view.Application)
	f, err := s.AppLayout(c, title, paths.Start, "")
	if err != nil {
		return err
	}
	return web.Page(c, http.StatusForbidden, doors.NotAllowed, f, view)
}

// problem says what is wrong with an application's request, on a page of ours: nothing is told to an address that
// nobody registered.
func (s *Screens) problem(c echo.Context, err error) error {
	var id string
	switch {
	case errors.Is(err, issuer.ErrClient):
		id = "client"
	case errors.Is(err, issuer.ErrRedirect):
		id = "redirect"
	case errors.Is(err, issuer.ErrOver):
		id = "over"
	default:
		return err
	}
	view := templates.ErrorView{
		Status: http.StatusBadRequest, Title: s.T(c, "issuer."+id+"_title"), Text: s.T(c, "issuer."+id+"_text"),
		Request: web.RequestID(c),
	}
	return web.Page(c, http.StatusBadRequest, templates.Error, s.Layout(c, view.Title, paths.Start), view)
}
