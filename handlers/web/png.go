package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// PNG answers with a picture that somebody uploaded: nothing in it is performed, and this browser alone may keep it,
// for five minutes.
func PNG(c echo.Context, picture []byte) error {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, max-age=300")
	return c.Blob(http.StatusOK, "image/png", picture)
}
