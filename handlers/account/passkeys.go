package account

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/account"
)

// PasskeysPage lists the user's passkeys.
func (s *Screens) PasskeysPage(c echo.Context) error { return s.showPasskeys(c, "") }

func (s *Screens) showPasskeys(c echo.Context, problem string) error {
	if !s.factors.Offers(factor.Passkey) {
		return echo.ErrNotFound
	}
	items, err := s.factors.Items(c.Request().Context(), web.CurrentSession(c).User.ID, factor.Passkey)
	if err != nil {
		return err
	}
	view := pages.PasskeysView{Error: problem}
	for _, i := range items {
		view.Passkeys = append(view.Passkeys, pages.Passkey{
			Name: i.Name, AddedAt: i.AddedAt, UsedAt: i.UsedAt, Shared: i.Shared, Dead: i.Dead,
			RemoveURL: paths.To(paths.MyPasskeyRemove, i.ID),
		})
	}
	f, err := s.AppLayout(c, s.T(c, "me.passkeys"), paths.MyPasskeys, templates.SectionMe)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if problem != "" {
		status = web.StatusFor(problem)
	}
	return web.Page(c, status, pages.Passkeys, f, view)
}

func (s *Screens) RemovePasskey(c echo.Context) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	err = s.factors.RemoveItem(c.Request().Context(), web.CurrentSession(c), s.Client(c), factor.Passkey, id)
	switch {
	case errors.Is(err, twofactor.ErrLastFactor):
		return s.showPasskeys(c, s.T(c, "passkey.last"))
	case errors.Is(err, twofactor.ErrOver):
		return echo.ErrNotFound
	case err != nil:
		return err
	}
	return s.Tell(c, paths.MyPasskeys, "passkey_removed")
}
