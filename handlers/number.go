package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// country is the fragment that follows typing: the flag of what the digits say so far.
func (s *Site) country(c echo.Context) error {
	return fragment(c, http.StatusOK, templates.CountryFlag, s.lang(c), s.liveCountry(c))
}

// liveCountry reads the posted field. While the globe shows, the country before it is remembered: deleting
// the digits brings its flag back.
func (s *Site) liveCountry(c echo.Context) templates.CountryChoice {
	before := postedCountry(c, "country")
	if before == phone.Globe {
		before = postedCountry(c, "last")
	}
	chosen := c.FormValue("chosen") == "1"
	live := phone.Live(c.FormValue("number"), before, chosen)
	choice := s.countryChoice(c, live, chosen && (live == before || live == phone.Globe))
	if live == phone.Globe {
		choice.Last = string(before)
	}
	return choice
}

// postedCountry reads a country of the form, where it can be anything.
func postedCountry(c echo.Context, name string) phone.Country {
	country := phone.Country(c.FormValue(name))
	if country.CallingCode() == 0 {
		return phone.Globe
	}
	return country
}

func (s *Site) countryChoice(c echo.Context, country phone.Country, chosen bool) templates.CountryChoice {
	url := "/settings/country"
	if must(c).Pending() {
		url = "/login/country"
	}
	choice := templates.CountryChoice{URL: url, ISO: string(country), Chosen: chosen}
	if country != phone.Globe {
		choice.Name, choice.Code = locale.Country(s.lang(c), string(country)), fmt.Sprintf("+%d", country.CallingCode())
	}
	return choice
}

// numberField is the field with its list; what was typed is never lost.
func (s *Site) numberField(c echo.Context, problem string, sure bool) (templates.NumberField, error) {
	most, err := s.Factors.MostUsed(c.Request().Context())
	if err != nil {
		return templates.NumberField{}, err
	}
	lang := s.lang(c)
	field := templates.NumberField{Error: problem, Sure: sure}
	field.Country = s.countryChoice(c, most[0], false)
	if c.Request().Method == http.MethodPost {
		field.Number = c.FormValue("number")
		field.Country = s.liveCountry(c)
	}
	isMost := map[string]bool{}
	for _, m := range most {
		isMost[string(m)] = true
		field.MostUsed = append(field.MostUsed, countryEntry(lang, string(m)))
	}
	var rest []string
	for _, r := range phone.Countries() {
		if !isMost[string(r)] {
			rest = append(rest, string(r))
		}
	}
	locale.SortCountries(lang, rest)
	for _, iso := range rest {
		field.Others = append(field.Others, countryEntry(lang, iso))
	}
	return field, nil
}

func countryEntry(lang, iso string) templates.Country {
	return templates.Country{ISO: iso, Name: locale.Country(lang, iso), Code: fmt.Sprintf("+%d", phone.Country(iso).CallingCode())}
}

// readNumber reads the posted number. problem is a sentence when it is refused; sure says that the same
// number, posted once more, is taken.
func (s *Site) readNumber(c echo.Context) (number phone.Number, problem string, sure bool) {
	typed, country := c.FormValue("number"), postedCountry(c, "country")
	if strings.TrimSpace(typed) == "" {
		return phone.Number{}, s.t(c, "refusal.empty"), false
	}
	parse := phone.Parse
	if c.FormValue("sure") == typed {
		parse = phone.ParseSure
	}
	number, err := parse(typed, country)
	var refusal *phone.Refusal
	if errors.As(err, &refusal) {
		name := locale.Country(s.lang(c), string(refusal.Country))
		if refusal.Reason == phone.Unlisted {
			return phone.Number{}, s.t(c, "number.sure", "Country", name), true
		}
		return phone.Number{}, s.t(c, refusalText(refusal), "Country", name), false
	}
	if err != nil {
		return phone.Number{}, s.t(c, "refusal.not_a_number"), false
	}
	return number, "", false
}

// refusalText is the sentence of a refusal. Without a country the ones that name it make no sense.
func refusalText(r *phone.Refusal) string {
	texts := map[phone.Reason]string{
		phone.NotANumber: "not_a_number", phone.NoCountry: "no_country", phone.Extension: "extension", phone.TooShort: "too_short",
		phone.TooLong: "too_long", phone.NotPossible: "not_possible", phone.WrongKind: "wrong_kind", phone.Premium: "premium",
		phone.SharedCost: "shared_cost", phone.Personal: "personal", phone.TollFree: "toll_free", phone.Satellite: "satellite",
	}
	text, ok := texts[r.Reason]
	if !ok || r.Country == phone.Globe && strings.Contains("too_short too_long not_possible", text) {
		return "refusal.not_a_number"
	}
	return "refusal." + text
}

// enrolNumberPage asks a user without a factor for a number, at the log-in.
func (s *Site) enrolNumberPage(c echo.Context) error { return s.showEnrolNumber(c, "", "", false) }

func (s *Site) showEnrolNumber(c echo.Context, fieldProblem, problem string, sure bool) error {
	methods, err := s.Factors.Methods(c.Request().Context(), must(c).User.ID)
	if err != nil {
		return err
	}
	if methods.HasFactor() {
		return s.redirect(c, "/login/second-step")
	}
	field, err := s.numberField(c, fieldProblem, sure)
	if err != nil {
		return err
	}
	field.Focus = true
	view := templates.NumberView{
		Action: "/login/number", Lead: s.t(c, "number.lead"), Field: field, Error: problem,
		Links: []templates.Link{{URL: "/login/app/setup", Text: s.t(c, "number.use_app")}, {URL: "/login/second-step", Text: s.t(c, "way.back")}},
	}
	return page(c, statusFor(fieldProblem+problem), templates.Number, s.frame(c, s.t(c, "number.title"), "/login/number"), view)
}

func (s *Site) enrolNumber(c echo.Context) error {
	number, refused, sure := s.readNumber(c)
	if refused != "" {
		return s.showEnrolNumber(c, refused, "", sure)
	}
	err := s.Factors.SendTo(c.Request().Context(), must(c), number, s.lang(c))
	if problem, ok := s.sendProblem(c, err); ok {
		return s.showEnrolNumber(c, "", problem, false)
	}
	if err != nil {
		return err
	}
	return s.redirect(c, "/login/code")
}

// changeNumberPage asks a user for a new number, in settings.
func (s *Site) changeNumberPage(c echo.Context) error {
	sess := must(c)
	methods, err := s.Factors.Methods(c.Request().Context(), sess.User.ID)
	if err != nil {
		return err
	}
	if !twofactor.Fresh(sess, methods) {
		return s.redirect(c, withNext("/settings/confirm", "/settings/me/number"))
	}
	return s.showChangeNumber(c, "", "", false)
}

func (s *Site) showChangeNumber(c echo.Context, fieldProblem, problem string, sure bool) error {
	field, err := s.numberField(c, fieldProblem, sure)
	if err != nil {
		return err
	}
	field.Focus = true
	view := templates.NumberView{
		Action: "/settings/me/number", Lead: s.t(c, "me.change_number_lead"), Field: field, Error: problem,
		Links: []templates.Link{{URL: pathMe, Text: s.t(c, "cancel")}},
	}
	return page(c, statusFor(fieldProblem+problem), templates.Number, s.frame(c, s.t(c, "number.title"), "/settings/me/number"), view)
}

func (s *Site) changeNumber(c echo.Context) error {
	number, refused, sure := s.readNumber(c)
	if refused != "" {
		return s.showChangeNumber(c, refused, "", sure)
	}
	err := s.Factors.SendTo(c.Request().Context(), must(c), number, s.lang(c))
	if problem, ok := s.sendProblem(c, err); ok {
		return s.showChangeNumber(c, "", problem, false)
	}
	if errors.Is(err, twofactor.ErrNotFresh) {
		return s.redirect(c, withNext("/settings/confirm", "/settings/me/number"))
	}
	if err != nil {
		return err
	}
	return s.redirect(c, "/settings/confirm/code")
}
