package demo

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/phone"
	pages "github.com/nightlatch/nightlatch/templates/demo"
)

// Phone shows the text messages, the newest first.
func (s *Screens) Phone(c echo.Context) error {
	texts, err := s.texts.Texts(c.Request().Context())
	if err != nil {
		return err
	}
	view := pages.PhoneView{}
	for _, t := range slices.Backward(texts) {
		view.Texts = append(view.Texts, pages.PhoneText{
			Body: t.Body, Number: phone.Number{E164: t.Number}.International(), At: t.At,
			New: time.Since(t.At) < 3*time.Second,
		})
	}
	if web.WantsFragment(c.Request()) {
		return web.Fragment(c, http.StatusOK, pages.PhoneTexts, s.Lang(c), view)
	}
	return web.Page(c, http.StatusOK, pages.Phone, s.Layout(c, s.T(c, "phone.title"), paths.DemoPhone), view)
}
