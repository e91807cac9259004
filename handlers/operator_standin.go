package handlers

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/templates"
)

// needOperator is a stand-in.
func (s *Site) needOperator(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		sess, ok := sessionOf(c)
		switch {
		case !ok:
			return s.toLogin(c)
		case sess.User.Role != "operator" && sess.Pending():
			return s.redirect(c, "/login/second-step")
		case sess.User.Role != "operator" || sess.Pending():
			return echo.ErrNotFound
		}
		if !strings.HasSuffix(c.Path(), "/live") {
			if err := s.Sessions.Touch(c.Request().Context(), sess); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// operatorFrame is a stand-in.
func (s *Site) operatorFrame(c echo.Context, title, path, nav string) templates.Frame {
	f := s.frame(c, title, path)
	f.Nav = nav
	f.User = &templates.Who{Name: must(c).User.Name, Role: string(must(c).User.Role)}
	if done := c.QueryParam("done"); slices.Contains(toasts, done) {
		f.Toast = s.t(c, "done."+done)
	}
	return f
}
