package door

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	templates "github.com/nightlatch/nightlatch/templates/door"
)

// stylePolicy allows the one style that pages on an application's host have, by its hash: nothing else of ours is
// there to be loaded.
func stylePolicy() string {
	sum := sha256.Sum256([]byte(templates.Style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// refuse answers on an application's host: with a page for a person, else with a sentence.
func (s *Screens) refuse(c echo.Context, status int, page bool, view templates.RefusedView) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Vary", "Accept, Accept-Language, Cookie, Sec-Fetch-Mode")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	if !page {
		return c.String(status, s.T(c, "door.why_"+view.Why)+"\n")
	}
	h.Set("Content-Security-Policy", s.style)
	view.Lang, view.Product = s.Lang(c), s.Product
	var buf bytes.Buffer
	if err := templates.Refused.Render(&buf, view.Lang, view); err != nil {
		return err
	}
	return web.WriteHTML(c, status, view.Lang, buf.Bytes())
}
