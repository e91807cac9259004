package account

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/templates"
)

// NumberPage asks a user for a new number, in settings.
func (s *Screens) NumberPage(c echo.Context) error { return s.showChangeNumber(c, "", "", false) }

func (s *Screens) showChangeNumber(c echo.Context, fieldProblem, problem string, sure bool) error {
	field, err := s.NumberField(c, fieldProblem, sure)
	if err != nil {
		return err
	}
	field.Focus = true
	view := templates.NumberView{
		Action: paths.MyNumber, Lead: s.T(c, "me.change_number_lead"), Field: field, Error: problem,
		Links: []templates.Link{{URL: paths.Me, Text: s.T(c, "cancel")}},
	}
	return web.Page(c, web.StatusFor(fieldProblem+problem), templates.Number,
		s.Layout(c, s.T(c, "number.title"), paths.MyNumber), view)
}

func (s *Screens) ChangeNumber(c echo.Context) error {
	number, refused, sure := s.ReadNumber(c)
	if refused != "" {
		return s.showChangeNumber(c, refused, "", sure)
	}
	err := s.factors.SendTo(c.Request().Context(), web.CurrentSession(c), number, s.Lang(c))
	if problem, ok := s.SendProblem(c, err); ok {
		return s.showChangeNumber(c, "", problem, false)
	}
	if err != nil {
		return err
	}
	return s.Redirect(c, paths.StepUpCode)
}
