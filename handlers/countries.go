package handlers

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/templates"
)

// countriesOf is the card of the countries that codes may go to.
func (s *Site) countriesOf(c echo.Context, problem string) (templates.CountriesCard, error) {
	sess, lang := must(c), s.lang(c)
	card := templates.CountriesCard{MayChange: sess.User.Role.ManagesOffice(), Error: problem}
	allowed, err := s.Offices.Countries(c.Request().Context(), sess.User.OfficeID)
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
		card.Allowed = append(card.Allowed, templates.AllowedCountry{Country: countryEntry(lang, iso), Users: users[iso]})
	}
	for _, iso := range others {
		card.Others = append(card.Others, countryEntry(lang, iso))
	}
	return card, nil
}

// allowCountry opens a country to the office's codes, or closes it.
func (s *Site) allowCountry(c echo.Context) error {
	country := postedCountry(c, "country")
	err := s.Offices.AllowCountry(c.Request().Context(), must(c), s.client(c), country, c.FormValue("allowed") == "yes")
	problem := ""
	switch {
	case errors.Is(err, office.ErrUnknown):
		problem = s.t(c, "countries.none")
	case errors.Is(err, office.ErrCountryInUse):
		problem = s.t(c, "countries.in_use", "Country", locale.Country(s.lang(c), string(country)))
	case err != nil:
		return err
	}
	if wantsFragment(c.Request()) {
		card, err := s.countriesOf(c, problem)
		if err != nil {
			return err
		}
		card.Changed = true
		return fragment(c, statusFor(problem), templates.OfficeCountries, s.lang(c), card)
	}
	if problem != "" {
		return s.showOfficeWith(c, s.switchOf(c, must(c).TwoFactorRequired), nil, problem)
	}
	return s.redirect(c, pathOffice+"?done=saved")
}
