package account

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

func (s *Screens) password() web.OwnPassword {
	return web.OwnPassword{
		Path: paths.Password, Strength: paths.PasswordStrength, Home: paths.Me, Accounts: s.accounts, Sessions: s.sessions,
	}
}

// PasswordPage changes one's own password.
func (s *Screens) PasswordPage(c echo.Context) error { return s.OwnPasswordPage(c, s.password()) }

func (s *Screens) ChangePassword(c echo.Context) error { return s.ChangeOwnPassword(c, s.password()) }

// PasswordStrength is linkStrength in settings.
func (s *Screens) PasswordStrength(c echo.Context) error {
	return s.OwnPasswordStrength(c, s.password())
}
