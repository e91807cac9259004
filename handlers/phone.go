package handlers

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/templates"
)

// phone is the demo phone. Its route exists in demo mode alone.
func (s *Site) phone(c echo.Context) error {
	texts, err := s.Phone.Texts(c.Request().Context())
	if err != nil {
		return err
	}
	view := templates.PhoneView{}
	for _, t := range slices.Backward(texts) {
		view.Texts = append(view.Texts, templates.PhoneText{
			Body: t.Body, Number: phone.Number{E164: t.Number}.International(), At: t.At, New: time.Since(t.At) < 3*time.Second,
		})
	}
	if wantsFragment(c.Request()) {
		return fragment(c, http.StatusOK, templates.PhoneTexts, s.lang(c), view)
	}
	return page(c, http.StatusOK, templates.Phone, s.frame(c, s.t(c, "phone.title"), "/demo/phone"), view)
}
