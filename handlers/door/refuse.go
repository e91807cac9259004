package door

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	templates "github.com/nightlatch/nightlatch/templates/door"
)

// hostPolicy is the policy of pages on an application's host: they have one style, which it knows by its hash, and may
// lead back to the portal.
func hostPolicy(portal string) string {
	sum := sha256.Sum256([]byte(templates.Style))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	return strings.NewReplacer("style-src 'self'", "style-src 'self' 'sha256-"+hash+"'",
		"form-action 'self'", "form-action 'self' "+portal).Replace(web.PagePolicy)
}

// refuse answers on an application's host: with a page for a person, else with a sentence.
func (s *Screens) refuse(c echo.Context, status int, page bool, view templates.RefusedView) error {
	h := c.Response().Header()
	web.SetHeaders(h)
	h.Set("Vary", "Accept, Accept-Language, Cookie, Sec-Fetch-Mode")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	if !page {
		return c.String(status, s.T(c, "door_why."+view.Why)+"\n")
	}
	h.Set("Content-Security-Policy", s.policy)
	view.Lang, view.Product = s.Lang(c), s.Product
	var buf bytes.Buffer
	if err := templates.Refused.Render(&buf, view.Lang, view); err != nil {
		return err
	}
	return web.WriteHTML(c, status, view.Lang, buf.Bytes())
}
