package operator

import (
	"bytes"
	"errors"
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
			Messages: s.number(c, o.Messages), Cost: s.money(c, o.Cost), Cap: s.moneyText(c, o.Cap), Near: o.Near,
			Forecast: s.forecast(c, o.ReachedAt),
		})
	}
	spending, err := s.operator.Spending(ctx)
	if err != nil {
		return err
	}
	view.First.NoMail = !s.users.CanMail()
	view.Currency, view.Forecast = s.currency, s.forecast(c, spending.ReachedAt)
	view.Month, view.Spent = time.Now().UTC().Format("2006-01"), s.money(c, spending.Spent)
	if view.CapBad == "" && view.Question == nil {
		view.Typed = s.typed(c, spending.Cap)
	}
	return web.Page(c, web.StatusOf(view), pages.Offices,
		s.layout(c, s.T(c, "offices.title"), paths.OperatorOffices, templates.SectionOffices), view)
}

var officeCode = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,31}$`)

// CreateOffice adds an office with its first superuser, or without users where nobody can be invited.
func (s *Screens) CreateOffice(c echo.Context) error {
	view := pages.OfficesView{Code: c.FormValue("code"), Name: c.FormValue("name")}
	var first users.First
	view.First, first = s.firstTyped(c)
	if !officeCode.MatchString(account.CanonicalOfficeCode(view.Code)) {
		view.CodeError = s.T(c, "offices.bad_code")
	}
	if n := len([]rune(view.Name)); n == 0 || n > 120 {
		view.NameError = s.T(c, "offices.bad_name")
	}
	if view.CodeError+view.NameError != "" { // all that is wrong is told at once
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
		err = s.users.Found(ctx, s.offices, by, view.Code, view.Name, first)
	}
	if errors.Is(err, users.ErrOfficeTaken) {
		view.CodeError, err = s.T(c, "offices.taken"), nil
	}
	if view.CodeError == "" && err == nil {
		return s.Tell(c, paths.OperatorOffices, done)
	}
	if err := s.tellFirst(c, &view.First, err); err != nil {
		return err
	}
	return s.showOffices(c, view)
}

// OfficePage is one office's money cap.
func (s *Screens) OfficePage(c echo.Context) error { return s.showOffice(c, shownOffice{}) }

// shownOffice is what stands on an office's page beside the office.
type shownOffice struct {
	typed, problem string // the cap, and what was wrong with it
	question       *templates.Question
	first          *templates.FirstSuperuser // who was refused as one, or nil
}

// showOffice shows an office. Where it has no superuser, somebody can be made one.
func (s *Screens) showOffice(c echo.Context, shown shownOffice) error {
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
		Typed: shown.typed, Error: shown.problem, Forecast: s.forecast(c, o.ReachedAt), Question: shown.question}
	problem, first := shown.problem, shown.first
	if problem == "" && shown.question == nil {
		view.Typed = s.typed(c, o.Cap)
	}
	has, err := s.users.HasSuperuser(c.Request().Context(), id)
	if err != nil {
		return err
	}
	if !has {
		view.First = &templates.FirstSuperuser{NoMail: !s.users.CanMail()}
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
	o, err := s.operator.Office(c.Request().Context(), id)
	if errors.Is(err, operator.ErrUnknown) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	return s.cap(c, id, o.Name, func(problem string, question *templates.Question) error {
		return s.showOffice(c, shownOffice{typed: c.FormValue("cap"), problem: problem, question: question})
	})
}

// CapInstallation sets or clears what all offices together may spend.
func (s *Screens) CapInstallation(c echo.Context) error {
	return s.cap(c, 0, s.T(c, "offices.all"), func(problem string, question *templates.Question) error {
		return s.showOffices(c, pages.OfficesView{Typed: c.FormValue("cap"), CapBad: problem, Question: question})
	})
}

// cap sets the cap of an office, or of all (0), after a question when it is near what is spent already; show shows
// what is wrong with it, or the question.
func (s *Screens) cap(
	c echo.Context, id int64, name string, show func(problem string, question *templates.Question) error,
) error {
	ctx, typed := c.Request().Context(), c.FormValue("cap")
	prospect, ask, err := s.operator.Prospect(ctx, id, typed)
	switch {
	case errors.Is(err, operator.ErrCap):
		return show(s.T(c, "offices.bad_cap"), nil)
	case err != nil:
		return err
	case ask && c.FormValue("sure") != "yes":
		question := s.capQuestion(c, name, typed, prospect)
		if question.Back = paths.OperatorOffices; id != 0 {
			question.Back = paths.To(paths.OperatorOffice, id)
		}
		return show("", question)
	case id == 0:
		err = s.operator.CapInstallation(ctx, s.by(c), typed)
	default:
		err = s.operator.CapOffice(ctx, s.by(c), id, typed)
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OperatorOffices, "cap_set")
}

// capQuestion says what a cap near what is spent does, and to whom.
func (s *Screens) capQuestion(c echo.Context, name, typed string, p operator.Prospect) *templates.Question {
	what := "cap.later"
	switch {
	case p.StopsAll:
		what = "cap.stops_all"
	case p.StopsNew:
		what = "cap.stops_new"
	}
	depend := s.T(c, "cap.depend_none")
	if p.Depend > 0 {
		depend = s.N(c, "cap.depend", p.Depend)
	}
	return &templates.Question{
		Action: c.Request().URL.Path, Title: s.T(c, "cap.title", "Name", name, "Cap", s.money(c, p.Cap)),
		Text: s.T(c, "cap.spent", "Spent", s.money(c, p.Spent)), Yes: s.T(c, "cap.yes"),
		Notes: []templates.Note{
			{Icon: "triangle-alert", Text: s.T(c, what, "Cap", s.money(c, p.Cap), "Reserve", s.money(c, p.Reserve)),
				Warning: true},
			{Icon: "users", Text: depend, Warning: p.Depend > 0},
		},
		Carries: []templates.Carried{{Name: "cap", Value: typed}},
	}
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
	return web.AttachCSV(c, s.T(c, "files.costs")+"-"+month, buf.Bytes())
}
