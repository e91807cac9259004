package office

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Passkeys is what an office says of them.
type Passkeys interface {
	PasskeyAlone(ctx context.Context, officeID int64) (bool, error)
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
