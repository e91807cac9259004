package account

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/session"
)

// EndSession ends another session of the user's own, after a fresh proof (ASVS 7.5.2).
func (s *Screens) EndSession(c echo.Context) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	if own, err := s.sessions.Owns(c.Request().Context(), web.CurrentSession(c), id); err != nil {
		return err
	} else if !own {
		return echo.ErrNotFound // unknown, before a proof is asked for
	}
	if fresh, err := s.fresh(c); err != nil || !fresh {
		return s.orConfirm(c, err)
	}
	err = s.sessions.EndOne(c.Request().Context(), web.CurrentSession(c), id, s.Client(c))
	if errors.Is(err, session.ErrNone) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	return s.Redirect(c, paths.Done(paths.Me, "session_ended"))
}

// EndOtherSessions ends all of the user's own but this one, after a fresh proof.
func (s *Screens) EndOtherSessions(c echo.Context) error {
	if fresh, err := s.fresh(c); err != nil || !fresh {
		return s.orConfirm(c, err)
	}
	if err := s.sessions.EndOthers(c.Request().Context(), web.CurrentSession(c), s.Client(c)); err != nil {
		return err
	}
	return s.Redirect(c, paths.Done(paths.Me, "sessions_ended"))
}

func (s *Screens) fresh(c echo.Context) (bool, error) {
	return web.CurrentSession(c).RequireStepUp(session.StepUpOwn) == nil, nil
}

// orConfirm asks for the proof that was missing, unless there was an error.
func (s *Screens) orConfirm(c echo.Context, err error) error {
	if err != nil {
		return err
	}
	return s.Redirect(c, paths.Next(paths.StepUp, paths.Me))
}
