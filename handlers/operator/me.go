package operator

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
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
func (s *Screens) EndSession(c echo.Context) error { return s.EndOwnSession(c, paths.OperatorMe) }

// EndOtherSessions ends all of the operator's own but this one.
func (s *Screens) EndOtherSessions(c echo.Context) error {
	return s.EndOtherOwnSessions(c, paths.OperatorMe)
}

func (s *Screens) password() web.OwnPassword {
	return web.OwnPassword{
		Path: paths.OperatorPassword, Strength: paths.OperatorPasswordStrength, Home: paths.OperatorMe,
		Accounts: s.accounts, Sessions: s.sessions,
	}
}

// PasswordPage changes the operator's own password.
func (s *Screens) PasswordPage(c echo.Context) error { return s.OwnPasswordPage(c, s.password()) }

func (s *Screens) ChangePassword(c echo.Context) error { return s.ChangeOwnPassword(c, s.password()) }

// PasswordStrength says in words how good a password is while it is typed.
func (s *Screens) PasswordStrength(c echo.Context) error {
	return s.OwnPasswordStrength(c, s.password())
}
