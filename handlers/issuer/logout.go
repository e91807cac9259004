package issuer

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/issuer"
	doors "github.com/nightlatch/nightlatch/templates/door"
	pages "github.com/nightlatch/nightlatch/templates/issuer"
)

// EndSession is where an application sends a browser whose user logs out there. What it asks travels on sealed, to an
// address of ours: a form of another site brings no cookie, and an ID token stays in no history.
func (s *Screens) EndSession(c echo.Context) error {
	values := c.QueryParams()
	if c.Request().Method == http.MethodPost {
		var err error
		if values, err = c.FormParams(); err != nil {
			return echo.ErrBadRequest
		}
	}
	sealed, err := s.provider.Leave(c.Request().Context(), values, s.Client(c))
	if err != nil {
		return err
	}
	if sealed == "" {
		return s.Redirect(c, paths.OAuthLeave)
	}
	return s.Redirect(c, paths.OAuthLeave+"?"+url.Values{"what": {sealed}}.Encode())
}

// Leave logs the user out whose session an application has proven to know, and asks everybody else: a link of a
// stranger's ends nothing.
func (s *Screens) Leave(c echo.Context) error {
	sealed := c.QueryParam("what")
	leaving, theirs, err := s.provider.Left(c.Request().Context(), sealed, current(c))
	if err != nil {
		return s.problem(c, err)
	}
	sess, in := web.CurrentSessionOK(c)
	if in && !theirs {
		view := pages.LeaveView{Application: leaving.Application, Name: sess.User.Name, Unknown: leaving.Unknown,
			What: sealed}
		return web.Page(c, http.StatusOK, pages.Leave, s.Layout(c, s.T(c, "issuer.leave_title"), paths.Start), view)
	}
	return s.logOut(c, leaving)
}

// LeaveNow takes the user's word for it.
func (s *Screens) LeaveNow(c echo.Context) error {
	leaving, _, err := s.provider.Left(c.Request().Context(), c.FormValue("what"), current(c))
	if err != nil {
		return s.problem(c, err)
	}
	return s.logOut(c, leaving)
}

func (s *Screens) logOut(c echo.Context, leaving issuer.Leaving) error {
	if err := s.EndPrevious(c, s.Client(c)); err != nil {
		return err
	}
	s.DropSession(c)
	s.SetCookie(c, web.CookieReturn, "", -1)
	switch {
	case leaving.Redirect == "":
		return s.Tell(c, paths.Login, "out")
	case c.Request().Method == http.MethodGet:
		return c.Redirect(http.StatusSeeOther, leaving.Redirect)
	}
	// By a page: the answer to a form must not lead to another origin (form-action).
	c.Response().Header().Set("Refresh", "0; url="+leaving.Redirect)
	view := doors.VisitView{Application: leaving.Application, Onward: leaving.Redirect}
	return web.Page(c, http.StatusOK, doors.Visit, s.Layout(c, leaving.Application, paths.Start), view)
}
