package account

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/session"
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
	return s.Tell(c, paths.Me, "session_ended")
}

// EndOtherSessions ends all of the user's own but this one.
func (s *Screens) EndOtherSessions(c echo.Context) error {
	if err := s.sessions.EndOthers(c.Request().Context(), web.CurrentSession(c), s.Client(c)); err != nil {
		return err
	}
	return s.Tell(c, paths.Me, "sessions_ended")
}
