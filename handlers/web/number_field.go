package web

import (
	"errors"
	"fmt"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// NumberField returns the field of a number with its list of countries, and with what was typed.
func (w *Web) NumberField(c echo.Context, problem string, sure bool) (templates.NumberField, error) {
	most, err := w.factors.MostUsed(c.Request().Context(), CurrentSession(c).User.OfficeID)
	if err != nil {
		return templates.NumberField{}, err
	}
	lang := w.Lang(c)
	field := templates.NumberField{Error: problem, Sure: sure}
	field.Country = countryChoice(lang, most[0], false)
	if c.Request().PostForm.Has("number") { // another form of the page says nothing of it
		field.Number = c.FormValue("number")
		field.Country = LiveCountry(c, lang)
	}
	isMost := map[string]bool{}
	for _, m := range most {
		isMost[string(m)] = true
		field.MostUsed = append(field.MostUsed, CountryEntry(lang, string(m)))
	}
	var rest []string
	for _, r := range phone.Countries() {
		if !isMost[string(r)] {
			rest = append(rest, string(r))
		}
	}
	locale.SortCountries(lang, rest)
	for _, iso := range rest {
		field.Others = append(field.Others, CountryEntry(lang, iso))
	}
	return field, nil
}

// CountryEntry returns a country as lists show it.
func CountryEntry(lang, iso string) templates.Country {
	code := fmt.Sprintf("+%d", phone.Country(iso).CallingCode())
	country := templates.Country{ISO: iso, Name: locale.Country(lang, iso), Code: code}
	if other := "country_also." + iso; locale.Has(other) {
		country.Also = locale.T(lang, other)
	}
	return country
}

// PostedCountry reads a country of the form, where it can be anything.
func PostedCountry(c echo.Context, name string) phone.Country {
	country := phone.Country(c.FormValue(name))
	if country.CallingCode() == 0 {
		return phone.Globe
	}
	return country
}

func countryChoice(lang string, country phone.Country, chosen bool) templates.CountryChoice {
	choice := templates.CountryChoice{Lang: lang, ISO: string(country), Chosen: chosen}
	if country != phone.Globe {
		choice.Name, choice.Code = locale.Country(lang, string(country)), fmt.Sprintf("+%d", country.CallingCode())
	}
	return choice
}

// LiveCountry reads the posted field. While the globe shows, the country before it is remembered: deleting the digits
// brings its flag back.
func LiveCountry(c echo.Context, lang string) templates.CountryChoice {
	before := PostedCountry(c, "country")
	if before == phone.Globe {
		before = PostedCountry(c, "last")
	}
	chosen := c.FormValue("chosen") == "1"
	live := phone.Live(c.FormValue("number"), before, chosen)
	choice := countryChoice(lang, live, chosen && (live == before || live == phone.Globe))
	if live == phone.Globe {
		choice.Last = string(before)
	}
	return choice
}

// ReadNumber reads the posted number. problem is a sentence when it is refused; sure says that the same number, posted
// once more, is taken.
func (w *Web) ReadNumber(c echo.Context) (number phone.Number, problem string, sure bool) {
	typed, country := c.FormValue("number"), PostedCountry(c, "country")
	if strings.TrimSpace(typed) == "" {
		return phone.Number{}, w.T(c, "refusal.empty"), false
	}
	parse := phone.Parse
	if c.FormValue("sure") == typed {
		parse = phone.ParseSure
	}
	number, err := parse(typed, country)
	var refusal *phone.Refusal
	if errors.As(err, &refusal) {
		name := w.countryName(c, refusal.Country)
		if refusal.Reason == phone.Elsewhere {
			return phone.Number{}, w.offer(c, name, refusal.Instead), false
		}
		if refusal.Reason == phone.Unlisted {
			return phone.Number{}, w.T(c, "number.sure", "Country", name), true
		}
		return phone.Number{}, w.NumberProblem(c, refusal), false
	}
	if err != nil {
		return phone.Number{}, w.T(c, "refusal.not_a_number"), false
	}
	return number, "", false
}

func (w *Web) countryName(c echo.Context, country phone.Country) string {
	return locale.Country(w.Lang(c), string(country))
}

// NumberProblem returns the sentence of a refusal where nobody is asked back: in a file.
func (w *Web) NumberProblem(c echo.Context, r *phone.Refusal) string {
	id := numberRefusal(r)
	switch r.Reason {
	case phone.Unlisted:
		id = "user_problem.number_unlisted"
	case phone.Elsewhere:
		id = "user_problem.number_elsewhere"
	}
	return w.T(c, id, "Country", w.countryName(c, r.Country), "Elsewhere", w.countryName(c, r.Instead.Country))
}

// NotRegistered returns the sentence about a number that the domain does not register for a user, or "" for another
// error.
func (w *Web) NotRegistered(c echo.Context, number phone.Number, err error) string {
	switch {
	case errors.Is(err, twofactor.ErrHasFactor):
		return w.T(c, "user_problem.number_factor")
	case errors.Is(err, twofactor.ErrNumberTaken):
		return w.T(c, "user_problem.number_taken")
	case errors.Is(err, twofactor.ErrCountryClosed):
		return w.T(c, "user_problem.number_closed", "Country", w.countryName(c, number.Country))
	}
	return ""
}

// offer puts the number that was meant into the field that is shown again, and returns the sentence that says so.
func (w *Web) offer(c echo.Context, country string, meant phone.Number) string {
	shown := meant.International()
	form := c.Request().Form
	form.Set("number", shown)
	form.Set("country", string(meant.Country))
	return w.T(c, "refusal.elsewhere", "Country", country, "Number", shown,
		"Elsewhere", locale.Country(w.Lang(c), string(meant.Country)))
}

// numberRefusal returns the sentence of a refusal. Without a country the ones that name it make no sense.
func numberRefusal(r *phone.Refusal) string {
	texts := map[phone.Reason]string{
		phone.NotANumber: "not_a_number", phone.NoCountry: "no_country", phone.Extension: "extension",
		phone.TooShort: "too_short", phone.TooLong: "too_long", phone.NotPossible: "not_possible",
		phone.WrongKind: "wrong_kind", phone.Premium: "premium", phone.SharedCost: "shared_cost",
		phone.Personal: "personal", phone.TollFree: "toll_free", phone.Satellite: "satellite",
	}
	text, ok := texts[r.Reason]
	ofCountry := r.Reason == phone.TooShort || r.Reason == phone.TooLong || r.Reason == phone.NotPossible
	if !ok || r.Country == phone.Globe && ofCountry {
		return "refusal.not_a_number"
	}
	return "refusal." + text
}
