package account

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// RequireOwnSession lets a request about a session of the user's own through. Another's is as unknown as none, before a
// step-up is asked for.
func (s *Screens) RequireOwnSession(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := web.IDParam(c)
		if err != nil {
			return err
		}
		own, err := s.sessions.Owns(c.Request().Context(), web.CurrentSession(c), id)
		if err != nil {
			return err
		}
		if !own {
			return echo.ErrNotFound
		}
		return next(c)
	}
}

// EndSession ends another session of the user's own (ASVS 7.5.2).
func (s *Screens) EndSession(c echo.Context) error { return s.EndOwnSession(c, paths.Me) }

// EndOtherSessions ends all of the user's own but this one.
func (s *Screens) EndOtherSessions(c echo.Context) error { return s.EndOtherOwnSessions(c, paths.Me) }
