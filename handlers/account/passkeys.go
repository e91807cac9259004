package account

import (
	"errors"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/account"
)

// PasskeysPage lists the user's passkeys.
func (s *Screens) PasskeysPage(c echo.Context) error { return s.showPasskeys(c, "", misnamed{}) }

// misnamed is a name that was refused for a passkey, as typed, and why.
type misnamed struct {
	id          int64
	name, error string
}

func (s *Screens) showPasskeys(c echo.Context, problem string, refused misnamed) error {
	if !s.factors.Offers(factor.Passkey) {
		return echo.ErrNotFound
	}
	items, err := s.factors.Items(c.Request().Context(), web.CurrentSession(c).User.ID, factor.Passkey)
	if err != nil {
		return err
	}
	view := pages.PasskeysView{Error: problem}
	for _, i := range items {
		p := pages.Passkey{
			Name: i.Name, AddedAt: i.AddedAt, UsedAt: i.UsedAt, Shared: i.Shared, Dead: i.Dead,
			RemoveURL: paths.To(paths.MyPasskeyRemove, i.ID), RenameURL: paths.To(paths.MyPasskeyRename, i.ID),
			Field: "name-" + strconv.FormatInt(i.ID, 10), Typed: i.Name,
		}
		if i.ID == refused.id {
			p.Typed, p.NameError = refused.name, refused.error
		}
		view.Passkeys = append(view.Passkeys, p)
	}
	if len(view.Problems()) == 0 && refused.error != "" {
		return echo.ErrNotFound // refused is the name of nothing
	}
	f, err := s.AppLayout(c, s.T(c, "me.passkeys"), paths.MyPasskeys, templates.SectionMe)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusOf(view), pages.Passkeys, f, view)
}

func (s *Screens) RemovePasskey(c echo.Context) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	err = s.factors.RemoveItem(c.Request().Context(), web.CurrentSession(c), s.Client(c), factor.Passkey, id)
	switch {
	case errors.Is(err, twofactor.ErrLastFactor):
		return s.showPasskeys(c, s.T(c, "passkey.last"), misnamed{})
	case errors.Is(err, twofactor.ErrOver):
		return echo.ErrNotFound
	case err != nil:
		return err
	}
	return s.Tell(c, paths.MyPasskeys, "passkey_removed")
}

// RenamePasskey gives a passkey another name.
func (s *Screens) RenamePasskey(c echo.Context) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	name := c.FormValue("name")
	err = s.factors.RenameItem(c.Request().Context(), web.CurrentSession(c), s.Client(c), factor.Passkey, id, name)
	switch {
	case errors.Is(err, twofactor.ErrNoName):
		return s.showPasskeys(c, "", misnamed{id, name, s.T(c, "passkey.name_missing")})
	case errors.Is(err, twofactor.ErrLongName):
		return s.showPasskeys(c, "", misnamed{id, name, s.N(c, "passkey.name_long", factor.MaxItemName)})
	case errors.Is(err, twofactor.ErrOver):
		return echo.ErrNotFound
	case err != nil:
		return err
	}
	return s.Tell(c, paths.MyPasskeys, "passkey_renamed")
}
