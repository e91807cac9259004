package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// PNG answers with a picture that somebody uploaded: nothing in it is performed, and no browser keeps it.
func PNG(c echo.Context, picture []byte) error {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", PagePolicy+"; sandbox")
	h.Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "image/png", picture)
}
