package office

import (
	"errors"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// fieldForm is a date and time as a browser's field has it.
const fieldForm = "2006-01-02T15:04"

// whenOf is the choice between now and a date in the switch's question: now, but where a date that was typed is wrong.
func (s *Screens) whenOf(c echo.Context, problem string) *templates.When {
	field := s.dateField(c, office.Rollout{}, problem)
	field.Form = "question"
	return &templates.When{Date: problem != "", From: field, Title: s.T(c, "when.title")}
}

// dateField is the field of a date, with what is set or typed. Its zone is the office's, or else the reader's; UTC
// where that is the machine's, which has no name to be sent with.
func (s *Screens) dateField(c echo.Context, set office.Rollout, problem string) templates.DateField {
	zone := web.Zone(c)
	if zone == time.Local {
		zone = time.UTC
	}
	zone = set.In(zone)
	field := templates.DateField{Zone: zone.String(), Value: c.FormValue("from"), Error: problem,
		Least: web.CurrentSession(c).Now.In(zone).Format(fieldForm)}
	if !set.From.IsZero() && problem == "" {
		field.Value = set.From.In(zone).Format(fieldForm)
	}
	return field
}

// dateProblem says why a date is not taken; "" for another error.
func (s *Screens) dateProblem(c echo.Context, err error) string {
	for problem, key := range map[error]string{
		office.ErrNoDate: "no_date", office.ErrPast: "past", office.ErrFar: "far", office.ErrBlackOut: "black_out",
		office.ErrTold: "told",
	} {
		if errors.Is(err, problem) {
			return s.T(c, "when."+key)
		}
	}
	return ""
}

// activateFrom makes two factors mandatory from the date of the switch's question.
func (s *Screens) activateFrom(c echo.Context) error {
	err := s.offices.SetDate(c.Request().Context(), web.CurrentSession(c), s.Client(c), c.FormValue("from"),
		c.FormValue("zone"))
	if problem := s.dateProblem(c, err); problem != "" {
		card, err := s.switchOf(c, true)
		if err != nil {
			return err
		}
		return s.ask(c, card, problem)
	}
	return s.afterDate(c, err, "dated")
}

// afterDate leads to the page of dates; where two factors are demanded by now, to the switch.
func (s *Screens) afterDate(c echo.Context, err error, done string) error {
	if errors.Is(err, office.ErrDemanded) {
		return s.Redirect(c, paths.OfficeGeneral)
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeTwoFactor, done)
}

// SetDate sets or moves the date.
func (s *Screens) SetDate(c echo.Context) error {
	err := s.offices.SetDate(c.Request().Context(), web.CurrentSession(c), s.Client(c), c.FormValue("from"),
		c.FormValue("zone"))
	if problem := s.dateProblem(c, err); problem != "" {
		view, err := s.twoFactorOf(c, problem)
		if err != nil {
			return err
		}
		if view.Active { // no date is left to set
			return s.Redirect(c, paths.OfficeGeneral)
		}
		return s.showTwoFactor(c, view)
	}
	return s.afterDate(c, err, "dated")
}

// RemoveDate takes the date away.
func (s *Screens) RemoveDate(c echo.Context) error {
	return s.afterDate(c, s.offices.RemoveDate(c.Request().Context(), web.CurrentSession(c), s.Client(c)), "undated")
}

// SetGrace sets the first hours of who is new.
func (s *Screens) SetGrace(c echo.Context) error {
	hours, err := strconv.Atoi(c.FormValue("hours"))
	if err != nil {
		return echo.ErrBadRequest
	}
	return s.afterDate(c, s.offices.SetGrace(c.Request().Context(), web.CurrentSession(c), s.Client(c), hours), "saved")
}

// dateCard is the section of the date.
func (s *Screens) dateCard(c echo.Context, set office.Rollout, problem string) pages.DateCard {
	card := pages.DateCard{MayChange: web.CurrentSession(c).User.Role.ManagesOffice(), Active: set.Active,
		From: set.From, Field: s.dateField(c, set, problem), Grace: set.Grace, Graces: office.Graces()}
	if !card.MayChange || set.Active { // else they have a section
		card.Waves = s.waves(c, set)
	}
	return card
}
