package web

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/templates"
)

// HelpLink leads a pending log-in whose user has a factor, and not with them, to the page that asks the superusers; nil
// for everybody else.
func (w *Web) HelpLink(c echo.Context) []templates.Link {
	if sess := CurrentSession(c); !sess.Pending() || !sess.Factors.HasFactor() {
		return nil
	}
	return []templates.Link{{URL: paths.LoginHelp, Text: w.T(c, "help.link")}}
}
