package web

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// AfterStepUp goes on with what needed the proof. A GET changes nothing, so the user presses once more.
func (w *Web) AfterStepUp(c echo.Context) error {
	return w.Redirect(c, SafePath(c.FormValue("next"), paths.Me)+"?done=confirmed")
}
