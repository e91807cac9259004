package operator

import (
	"bytes"
	"errors"
	"net/http"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/users"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// OfficesPage lists all offices.
func (s *Screens) OfficesPage(c echo.Context) error { return s.showOffices(c, pages.OfficesView{}) }

// showOffices shows the list with what was typed and what was wrong with it.
func (s *Screens) showOffices(c echo.Context, view pages.OfficesView) error {
	ctx := c.Request().Context()
	offices, err := s.operator.Offices(ctx)
	if err != nil {
		return err
	}
	for _, o := range offices {
		view.Rows = append(view.Rows, pages.OfficeRow{
			ID: o.ID, Code: o.Code, Name: o.Name, Users: s.number(c, o.Users), TwoFactor: o.TwoFactorRequired,
			Since:    o.TwoFactorSince,
			Messages: s.number(c, o.Messages), Cost: s.money(c, o.Cost), Cap: s.moneyText(c, o.Cap), Near: near(o.Cost, o.Cap),
		})
	}
	spent, most, err := s.operator.Spending(ctx)
	if err != nil {
		return err
	}
	view.First.NoMail = !s.inviter.CanMail()
	wrong := view.Error + view.CapBad + view.First.UsernameError + view.First.NameError + view.First.EmailError
	view.Currency = s.currency
	view.Month, view.Spent = time.Now().UTC().Format("2006-01"), s.money(c, spent)
	if view.CapBad == "" {
		view.Typed = s.typed(c, most)
	}
	return web.Page(c, web.StatusFor(wrong), pages.Offices,
		s.layout(c, s.T(c, "offices.title"), paths.OperatorOffices, templates.SectionOffices), view)
}

var officeCode = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,31}$`)

// CreateOffice adds an office with its first superuser, or without users where nobody can be invited.
func (s *Screens) CreateOffice(c echo.Context) error {
	view := pages.OfficesView{Code: c.FormValue("code"), Name: c.FormValue("name")}
	var first users.First
	view.First, first = s.firstTyped(c)
	switch n := len([]rune(view.Name)); {
	case !officeCode.MatchString(account.CanonicalOfficeCode(view.Code)):
		view.Error = s.T(c, "offices.bad_code")
	case n == 0 || n > 120:
		view.Error = s.T(c, "offices.bad_name")
	}
	if view.Error != "" { // all that is wrong is told at once
		if !view.First.NoMail {
			if err := s.tellFirst(c, &view.First, first.Check()); err != nil {
				return err
			}
		}
		return s.showOffices(c, view)
	}
	ctx, by, done := c.Request().Context(), s.founder(c), "office_created_invited"
	var err error
	if view.First.NoMail {
		done = "office_created"
		err = s.users.FoundEmpty(ctx, s.offices, by, view.Code, view.Name)
	} else {
		err = s.users.Found(ctx, s.offices, s.inviter, by, view.Code, view.Name, first)
	}
	if errors.Is(err, users.ErrOfficeTaken) {
		view.Error, err = s.T(c, "offices.taken"), nil
	}
	if view.Error == "" && err == nil {
		return s.Tell(c, paths.OperatorOffices, done)
	}
	if err := s.tellFirst(c, &view.First, err); err != nil {
		return err
	}
	return s.showOffices(c, view)
}

// OfficePage is one office's money cap.
func (s *Screens) OfficePage(c echo.Context) error { return s.showOffice(c, "", "", nil) }

// showOffice shows an office with what was typed and what was wrong with it. Where it has no superuser, somebody can be
// made one: first is who was refused, or nil.
func (s *Screens) showOffice(c echo.Context, typed, problem string, first *templates.FirstSuperuser) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	o, err := s.operator.Office(c.Request().Context(), id)
	if errors.Is(err, operator.ErrUnknown) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	view := pages.OfficeCapView{ID: id, Code: o.Code, Name: o.Name, Cost: s.money(c, o.Cost), Currency: s.currency,
		Typed: typed, Error: problem}
	if problem == "" {
		view.Typed = s.typed(c, o.Cap)
	}
	has, err := s.users.HasSuperuser(c.Request().Context(), id)
	if err != nil {
		return err
	}
	if !has {
		view.First = &templates.FirstSuperuser{NoMail: !s.inviter.CanMail()}
		if first != nil {
			view.First = first
			problem += first.UsernameError + first.NameError + first.EmailError
		}
		view.First.OfficeCode = o.Code
	}
	return web.Page(c, web.StatusFor(problem), pages.OfficeCap,
		s.layout(c, o.Name, paths.To(paths.OperatorOffice, id), templates.SectionOffices), view)
}

// CapOffice sets or clears an office's money cap.
func (s *Screens) CapOffice(c echo.Context) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	err = s.operator.CapOffice(c.Request().Context(), s.by(c), id, c.FormValue("cap"))
	switch {
	case errors.Is(err, operator.ErrCap):
		return s.showOffice(c, c.FormValue("cap"), s.T(c, "offices.bad_cap"), nil)
	case errors.Is(err, operator.ErrUnknown):
		return echo.ErrNotFound
	case err != nil:
		return err
	}
	return s.Tell(c, paths.OperatorOffices, "cap_set")
}

// CapInstallation sets or clears what all offices together may spend.
func (s *Screens) CapInstallation(c echo.Context) error {
	err := s.operator.CapInstallation(c.Request().Context(), s.by(c), c.FormValue("cap"))
	if errors.Is(err, operator.ErrCap) {
		return s.showOffices(c, pages.OfficesView{Typed: c.FormValue("cap"), CapBad: s.T(c, "offices.bad_cap")})
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OperatorOffices, "cap_set")
}

var monthForm = regexp.MustCompile(`^20[0-9]{2}-(0[1-9]|1[0-2])$`)

// CostsFile is a month's costs for a spreadsheet.
func (s *Screens) CostsFile(c echo.Context) error {
	month := c.QueryParam("month")
	if month == "" {
		month = time.Now().UTC().Format("2006-01")
	}
	if !monthForm.MatchString(month) {
		return echo.ErrBadRequest
	}
	var buf bytes.Buffer
	if err := s.operator.WriteCosts(c.Request().Context(), &buf, s.Lang(c), s.currency, month); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="costs-`+month+`.csv"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", buf.Bytes())
}
