package office

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// Passkeys is what an office says of them.
type Passkeys interface {
	PasskeyAlone(ctx context.Context, officeID int64) (bool, error)
	Offers(kind factor.Kind) bool
	PasskeysDemanded(ctx context.Context, officeID int64) (demanded bool, without int, err error)
	DemandPasskeys(ctx context.Context, sess session.Session, client session.Client, demanded bool) error
	SetPasskeyAlone(ctx context.Context, sess session.Session, client session.Client, alone bool) error
}

// SetPasskeys decides whether a passkey is the whole log-in.
func (s *Screens) SetPasskeys(c echo.Context) error {
	alone := c.FormValue("alone") == "yes"
	err := s.passkeys.SetPasskeyAlone(c.Request().Context(), web.CurrentSession(c), s.Client(c), alone)
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeTwoFactor, "saved")
}

// fillPasskeys fills in what the office says of passkeys; nothing under an address that can have none.
func (s *Screens) fillPasskeys(c echo.Context, view *pages.TwoFactorView) error {
	if !s.passkeys.Offers(factor.Passkey) {
		return nil
	}
	ctx, officeID := c.Request().Context(), web.CurrentSession(c).User.OfficeID
	alone, err := s.passkeys.PasskeyAlone(ctx, officeID)
	if err != nil {
		return err
	}
	demanded, without, err := s.passkeys.PasskeysDemanded(ctx, officeID)
	if err != nil {
		return err
	}
	problem := ""
	if view.Passkeys != nil {
		problem = view.Passkeys.Error
	}
	view.Passkeys = &pages.PasskeysSection{
		MayChange: view.MayChange, Alone: alone, Demanded: demanded, Without: without, Error: problem,
	}
	return nil
}

// DemandPasskeys decides whether superusers must have a passkey.
func (s *Screens) DemandPasskeys(c echo.Context) error {
	demanded := c.FormValue("superusers") == "yes"
	err := s.passkeys.DemandPasskeys(c.Request().Context(), web.CurrentSession(c), s.Client(c), demanded)
	if errors.Is(err, twofactor.ErrNoPasskey) {
		view, err := s.twoFactorOf(c, "")
		if err != nil {
			return err
		}
		view.Passkeys = &pages.PasskeysSection{Error: s.T(c, "office.passkeys_none")}
		return s.showTwoFactor(c, view)
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeTwoFactor, "saved")
}
