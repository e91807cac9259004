package account

import (
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/session"
)

// mySSO is what the user's own settings say about single sign-on.
func (s *Screens) mySSO(c echo.Context) (linked bool, at time.Time, waiting string, err error) {
	mine, err := s.sso.Mine(c.Request().Context(), session.Token(s.Cookie(c, web.CookieSSO)), web.CurrentSession(c))
	return mine.Linked, mine.LinkedAt, mine.Waiting, err
}

// LinkSSO makes the link that waited until the user was in.
func (s *Screens) LinkSSO(c echo.Context) error {
	err := s.sso.LinkMine(c.Request().Context(), session.Token(s.Cookie(c, web.CookieSSO)), web.CurrentSession(c),
		s.Client(c))
	switch {
	case errors.Is(err, federation.ErrLinked):
		return s.showMe(c, s.T(c, "sso.link_taken"))
	case err != nil:
		return s.SSOProblem(c, err)
	}
	s.SetCookie(c, web.CookieSSO, "", -1)
	return s.Tell(c, paths.Me, "sso_linked")
}

func (s *Screens) UnlinkSSO(c echo.Context) error {
	err := s.sso.Unlink(c.Request().Context(), web.CurrentSession(c), s.Client(c))
	if err != nil {
		return err
	}
	return s.Tell(c, paths.Me, "sso_unlinked")
}
