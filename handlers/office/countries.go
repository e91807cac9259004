package office

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/phone"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// countriesOf is the card of the countries that codes may go to.
func (s *Screens) countriesOf(c echo.Context, problem string) (pages.CountriesCard, error) {
	sess, lang := web.CurrentSession(c), s.Lang(c)
	card := pages.CountriesCard{MayChange: sess.User.Role.ManagesOffice(), Error: problem}
	allowed, err := s.offices.Countries(c.Request().Context(), sess.User.OfficeID)
	if err != nil {
		return card, err
	}
	users := map[string]int{}
	var shown, others []string
	for _, a := range allowed {
		shown = append(shown, string(a.ISO))
		users[string(a.ISO)] = a.Users
	}
	for _, iso := range phone.Countries() {
		if _, is := users[string(iso)]; !is {
			others = append(others, string(iso))
		}
	}
	locale.SortCountries(lang, shown)
	locale.SortCountries(lang, others)
	for _, iso := range shown {
		card.Allowed = append(card.Allowed, pages.AllowedCountry{Country: web.CountryEntry(lang, iso), Users: users[iso]})
	}
	for _, iso := range others {
		card.Others = append(card.Others, web.CountryEntry(lang, iso))
	}
	return card, nil
}

// AllowCountry opens a country to the office's codes, or closes it.
func (s *Screens) AllowCountry(c echo.Context) error {
	country, allowed := web.PostedCountry(c, "country"), c.FormValue("allowed") == "yes"
	err := s.offices.AllowCountry(c.Request().Context(), web.CurrentSession(c), s.Client(c), country, allowed)
	problem := ""
	switch {
	case errors.Is(err, office.ErrUnknown):
		problem = s.T(c, "countries.none")
	case errors.Is(err, office.ErrCountryInUse):
		problem = s.T(c, "countries.in_use", "Country", locale.Country(s.Lang(c), string(country)))
	case err != nil:
		return err
	}
	if web.WantsFragment(c.Request()) {
		card, err := s.countriesOf(c, problem)
		if err != nil {
			return err
		}
		card.Changed = true
		if problem == "" {
			card.Said = s.T(c, "countries."+map[bool]string{true: "opened", false: "closed"}[allowed], "Country",
				locale.Country(s.Lang(c), string(country)))
		}
		return web.Fragment(c, web.StatusFor(problem), pages.OfficeCountries, s.Lang(c), card)
	}
	if problem != "" {
		card, err := s.switchNow(c)
		if err != nil {
			return err
		}
		return s.showOfficeWith(c, card, nil, problem)
	}
	return s.Tell(c, paths.OfficeGeneral, "saved")
}
