package factor

import (
	"github.com/labstack/echo/v4"

	pages "github.com/nightlatch/nightlatch/templates/factor"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
)

// WaysPage lists the other ways.
func (s *Screens) WaysPage(c echo.Context) error {
	sess := web.CurrentSession(c)
	methods, err := s.factors.Enrolled(c.Request().Context(), sess.User.ID)
	if err != nil {
		return err
	}
	at := placesOf(sess)
	view := pages.WayView{
		App: methods.Has(factor.App), Recovery: methods.Of(factor.Recovery).Amount > 0, Enrol: sess.Pending() &&
			!methods.HasFactor(),
		SendURL: at.send, AppURL: paths.LoginApp, Codes: at.recovery, BackURL: paths.SecondStep,
		Next: web.SafePath(c.QueryParam("next"), ""),
	}
	if number := methods.Confirmed(); number != nil {
		view.SMS = web.Masked(number.E164)
	}
	if !sess.Pending() {
		view.AppURL, view.BackURL = paths.Next(paths.StepUp, view.Next), paths.Next(paths.StepUp, view.Next)
		view.Codes = paths.Next(view.Codes, view.Next)
	}
	return web.Page(c, 200, pages.Way, s.Layout(c, s.T(c, "way.title"), at.ways), view)
}
