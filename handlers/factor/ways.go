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
	set := sess.Factors
	view := pages.WayView{BackURL: paths.SecondStep, Next: web.SafePath(c.QueryParam("next"), "")}
	if !sess.Pending() {
		view.BackURL = paths.Next(paths.StepUp, view.Next)
	}
	for _, k := range web.Kinds() {
		switch {
		case set.Has(k.Kind):
			view.Ways = append(view.Ways, s.way(c, k, set, view.Next))
		case sess.Pending() && !set.HasFactor() && k.First != "" && s.factors.Offers(k.Kind):
			view.Ways = append(view.Ways, pages.Way{Icon: k.Icon, Text: s.T(c, "way_first."+k.Name), URL: k.First})
		}
	}
	if help := s.HelpLink(c); help != nil {
		view.Ways = append(view.Ways, pages.Way{Icon: "users", Text: help[0].Text, URL: help[0].URL})
	}
	return web.Page(c, 200, pages.Ways, s.Layout(c, s.T(c, "way.title"), placesOf(sess).ways), view)
}

// way is how a kind that the user has is proven, and how one comes back to next.
func (s *Screens) way(c echo.Context, k web.Kind, set factor.Set, next string) pages.Way {
	way := pages.Way{Icon: k.Icon, Text: s.T(c, "way."+k.Name), URL: k.Login, Post: k.Sends}
	if k.Kind == factor.SMS {
		way.Text = s.T(c, "way.sms", "Number", web.Masked(set.Of(k.Kind).Label))
	}
	if !web.CurrentSession(c).Pending() {
		if way.URL = k.StepUp; !k.Sends {
			way.URL = paths.Next(k.StepUp, next)
		}
	}
	return way
}
