package account

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

func (s *Screens) RemoveApp(c echo.Context) error {
	err := s.factors.Remove(c.Request().Context(), web.CurrentSession(c), s.Client(c), factor.App)
	switch {
	case errors.Is(err, twofactor.ErrLastFactor):
		return s.showMe(c, s.T(c, "me.last_factor"))
	case errors.Is(err, twofactor.ErrOver):
		return s.Redirect(c, paths.Me)
	case err != nil:
		return err
	}
	return s.Tell(c, paths.Me, "app_removed")
}
