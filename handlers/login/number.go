package login

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/templates"
)

// NumberPage asks a user without a factor for a number, at the log-in.
func (s *Screens) NumberPage(c echo.Context) error { return s.showEnrolNumber(c, "", "", false) }

func (s *Screens) showEnrolNumber(c echo.Context, fieldProblem, problem string, sure bool) error {
	methods := web.CurrentSession(c).Factors
	if methods.HasFactor() {
		return s.Redirect(c, paths.SecondStep)
	}
	field, err := s.NumberField(c, fieldProblem, sure)
	if err != nil {
		return err
	}
	field.Focus = true
	view := templates.NumberView{
		Action: paths.LoginNumber, Lead: s.T(c, "number.lead"), Field: field, Error: problem,
		Links: []templates.Link{{URL: paths.LoginAppSetup, Text: s.T(c, "number.use_app")},
			{URL: paths.SecondStep, Text: s.T(c, "way.back")}},
	}
	return web.Page(c, web.StatusFor(fieldProblem+problem), templates.Number,
		s.Layout(c, s.T(c, "number.title"), paths.LoginNumber), view)
}

func (s *Screens) EnrolNumber(c echo.Context) error {
	number, refused, sure := s.ReadNumber(c)
	if refused != "" {
		return s.showEnrolNumber(c, refused, "", sure)
	}
	err := s.factors.SendTo(c.Request().Context(), web.CurrentSession(c), number, s.Lang(c))
	if problem, ok := s.SendProblem(c, err); ok {
		return s.showEnrolNumber(c, "", problem, false)
	}
	if err != nil {
		return err
	}
	return s.Redirect(c, paths.LoginCode)
}
