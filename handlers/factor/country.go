package factor

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/templates"
)

// Country is the fragment that follows typing: the flag of what the digits say so far, in the language of the page. It
// is the same for everybody, and asked at every key: it knows no session.
func (s *Screens) Country(c echo.Context) error {
	lang := c.FormValue("lang")
	if !locale.Known(lang) {
		lang = s.Lang(c)
	}
	return web.Fragment(c, http.StatusOK, templates.CountryFlag, lang, web.LiveCountry(c, lang))
}
