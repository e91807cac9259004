package office

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// ApplicationsPage is Settings > Office > Applications: what is there for the office, and who may enter.
func (s *Screens) ApplicationsPage(c echo.Context) error {
	all, err := s.apps.OfOffice(c.Request().Context(), web.CurrentSession(c).User.OfficeID)
	if err != nil {
		return err
	}
	var view pages.ApplicationsView
	for _, a := range all {
		row := pages.ApplicationRow{
			ID: a.ID, Name: a.Name, About: a.About, Age: s.FactorAge(c, a.Door.MaxFactorAge), TwoFactor: a.Door.RequireTwoFactor,
			Disabled: a.Door.Disabled, Off: a.Door.Off,
		}
		for _, role := range application.Roles() {
			if slices.Contains(a.Door.Roles, role) {
				row.Roles = append(row.Roles, string(role))
			}
		}
		view.Rows = append(view.Rows, row)
	}
	f, err := s.AppLayout(c, s.T(c, "layout.applications"), paths.OfficeApplications, templates.SectionOffice)
	if err != nil {
		return err
	}
	return web.Page(c, http.StatusOK, pages.Applications, f, view)
}

// ApplicationPage is what the office demands of its users for one application.
func (s *Screens) ApplicationPage(c echo.Context) error {
	a, err := s.applicationOf(c)
	if err != nil {
		return err
	}
	set := tightened{roles: a.Door.Roles, off: a.Door.Off}
	if a.Door.MaxFactorAge != a.OwnMaxFactorAge {
		set.age = strconv.FormatFloat(a.Door.MaxFactorAge.Minutes(), 'f', -1, 64)
	}
	return s.showApplication(c, a, set, nil)
}

// tightened is what the form has.
type tightened struct {
	roles []account.Role
	age   string // minutes
	off   bool
}

// applicationOf returns the application that the address names, if it is there for the office.
func (s *Screens) applicationOf(c echo.Context) (application.OfOffice, error) {
	id, err := web.IDParam(c)
	if err != nil {
		return application.OfOffice{}, err
	}
	all, err := s.apps.OfOffice(c.Request().Context(), web.CurrentSession(c).User.OfficeID)
	if err != nil {
		return application.OfOffice{}, err
	}
	return application.Of(all, id)
}

// TightenApplication sets what the office demands.
func (s *Screens) TightenApplication(c echo.Context) error {
	a, err := s.applicationOf(c)
	if err != nil {
		return err
	}
	typed := tightened{roles: web.Roles(c), age: c.FormValue("age"), off: c.FormValue("off") == "yes"}
	wanted := application.Tighter{Off: typed.off, Roles: typed.roles, MaxFactorAge: web.Minutes(typed.age)}
	err = s.apps.Tighten(c.Request().Context(), web.CurrentSession(c), a.ID, wanted, s.Client(c))
	var problems application.Problems
	if errors.As(err, &problems) {
		return s.showApplication(c, a, typed, problems)
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeApplications, "saved")
}

// showApplication shows the form with what is set or typed, and what is wrong with it.
func (s *Screens) showApplication(
	c echo.Context, a application.OfOffice, typed tightened, problems application.Problems,
) error {
	view := pages.ApplicationView{
		ID: a.ID, Name: a.Name, Disabled: a.Door.Disabled, Off: typed.off, Age: typed.age,
		OwnAge: s.FactorAge(c, a.OwnMaxFactorAge),
		Roles:  templates.RolesField{Legend: s.T(c, "apps.who"), Boxes: web.RoleBoxes(a.OwnRoles, typed.roles)},
	}
	for _, p := range problems {
		switch {
		case p.Wrong == application.Looser && p.Value != "":
			view.AgeError = s.T(c, "applications.looser", "Age", view.OwnAge)
		case p.Wrong == application.BadAge:
			view.AgeError = s.T(c, "applications.bad_age")
		default:
			view.Roles.Error = strings.TrimSpace(view.Roles.Error + " " + s.T(c, "applications.no_role"))
		}
	}
	f, err := s.AppLayout(c, a.Name, paths.To(paths.OfficeApplication, a.ID), templates.SectionOffice)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusOf(view), pages.Application, f, view)
}
