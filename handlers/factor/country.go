package factor

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/templates"
)

// Country is the fragment that follows typing: the flag of what the digits say so far.
func (s *Screens) Country(c echo.Context) error {
	return web.Fragment(c, http.StatusOK, templates.CountryFlag, s.Lang(c), s.LiveCountry(c))
}
