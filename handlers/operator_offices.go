package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/templates"
)

const pathOffices = "/operator/offices"

// officesPage lists all offices.
func (s *Site) officesPage(c echo.Context) error { return s.showOffices(c, templates.OfficesView{}) }

// showOffices shows the list with what was typed and what was wrong with it.
func (s *Site) showOffices(c echo.Context, view templates.OfficesView) error {
	ctx := c.Request().Context()
	offices, err := s.Operator.Offices(ctx)
	if err != nil {
		return err
	}
	for _, o := range offices {
		view.Rows = append(view.Rows, templates.OfficeRow{
			ID: o.ID, Code: o.Code, Name: o.Name, Users: s.number(c, o.Users), TwoFactor: o.TwoFactorRequired, Since: o.TwoFactorSince,
			Messages: s.number(c, o.Messages), Cost: s.money(c, o.Cost), Cap: s.moneyText(c, o.Cap), Near: near(o.Cost, o.Cap),
		})
	}
	spent, most, err := s.Operator.Spending(ctx)
	if err != nil {
		return err
	}
	view.Month, view.Spent = time.Now().UTC().Format("2006-01"), s.money(c, spent)
	if view.CapBad == "" {
		view.Typed = s.moneyText(c, most)
	}
	return page(c, statusFor(view.Error+view.CapBad), templates.Offices, s.operatorFrame(c, s.t(c, "offices.title"), pathOffices, templates.SectionOffices), view)
}

var officeCode = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,31}$`)

// createOffice adds an office, without users.
func (s *Site) createOffice(c echo.Context) error {
	view := templates.OfficesView{Code: c.FormValue("code"), Name: strings.TrimSpace(c.FormValue("name"))}
	switch n := len([]rune(view.Name)); {
	case !officeCode.MatchString(account.CanonicalOfficeCode(view.Code)):
		view.Error = s.t(c, "offices.bad_code")
	case n == 0 || n > 120:
		view.Error = s.t(c, "offices.bad_name")
	}
	if view.Error != "" {
		return s.showOffices(c, view)
	}
	err := s.Offices.Create(c.Request().Context(), view.Code, view.Name, must(c).User.Person())
	if err != nil && errors.Unwrap(err) == nil && !db.Unavailable(err) {
		// The one refusal that is left: it wraps nothing, as the sentence that it is.
		view.Error = s.t(c, "offices.taken")
		return s.showOffices(c, view)
	}
	if err != nil {
		return err
	}
	return s.redirect(c, pathOffices+"?done=office_created")
}

// officeCapPage is one office's money cap.
func (s *Site) officeCapPage(c echo.Context) error { return s.showOfficeCap(c, "", "") }

func (s *Site) showOfficeCap(c echo.Context, typed, problem string) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	o, err := s.Operator.Office(c.Request().Context(), id)
	if errors.Is(err, operator.ErrUnknown) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	view := templates.OfficeCapView{ID: id, Code: o.Code, Name: o.Name, Cost: s.money(c, o.Cost), Typed: typed, Error: problem}
	if problem == "" {
		view.Typed = s.moneyText(c, o.Cap)
	}
	return page(c, statusFor(problem), templates.OfficeCap, s.operatorFrame(c, o.Name, fmt.Sprintf("%s/%d", pathOffices, id), templates.SectionOffices), view)
}

// capOffice sets or clears an office's money cap.
func (s *Site) capOffice(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	err = s.Operator.CapOffice(c.Request().Context(), s.by(c), id, c.FormValue("cap"))
	switch {
	case errors.Is(err, operator.ErrCap):
		return s.showOfficeCap(c, c.FormValue("cap"), s.t(c, "offices.bad_cap"))
	case errors.Is(err, operator.ErrUnknown):
		return echo.ErrNotFound
	case err != nil:
		return err
	}
	return s.redirect(c, pathOffices+"?done=cap_set")
}

// capInstallation sets or clears what all offices together may spend.
func (s *Site) capInstallation(c echo.Context) error {
	err := s.Operator.CapInstallation(c.Request().Context(), s.by(c), c.FormValue("cap"))
	if errors.Is(err, operator.ErrCap) {
		return s.showOffices(c, templates.OfficesView{Typed: c.FormValue("cap"), CapBad: s.t(c, "offices.bad_cap")})
	}
	if err != nil {
		return err
	}
	return s.redirect(c, pathOffices+"?done=cap_set")
}

var monthForm = regexp.MustCompile(`^20[0-9]{2}-(0[1-9]|1[0-2])$`)

// costsFile is a month's costs for a spreadsheet.
func (s *Site) costsFile(c echo.Context) error {
	month := c.QueryParam("month")
	if month == "" {
		month = time.Now().UTC().Format("2006-01")
	}
	if !monthForm.MatchString(month) {
		return echo.ErrBadRequest
	}
	var buf bytes.Buffer
	if err := s.Operator.WriteCosts(c.Request().Context(), &buf, s.lang(c), month); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="costs-`+month+`.csv"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", buf.Bytes())
}
