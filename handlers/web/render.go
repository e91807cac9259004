package web

import (
	"bytes"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/templates"
)

// WantsFragment reports whether a part of the page is asked for, not the whole: htmx says so in a header.
func WantsFragment(r *http.Request) bool { return r.Header.Get("HX-Request-Type") == "partial" }

// Redirect leads to a path of ours. htmx would swap the page behind a 303 into its target, so that it is told to load
// the page instead.
func (w *Web) Redirect(c echo.Context, path string) error {
	if WantsFragment(c.Request()) {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusUnauthorized)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// Lang returns the language of the answer.
func (w *Web) Lang(c echo.Context) string {
	user := ""
	if sess, ok := CurrentSessionOK(c); ok {
		user = sess.User.Language
	}
	return locale.Negotiate(user, w.Cookie(c, CookieLanguage), c.Request().Header.Get("Accept-Language"))
}

// T returns a text in the language of the answer.
func (w *Web) T(c echo.Context, id string, args ...any) string {
	return locale.T(w.Lang(c), id, args...)
}

// N returns a text about a number, in the language of the answer.
func (w *Web) N(c echo.Context, id string, n int) string {
	return locale.N(w.Lang(c), id, n)
}

// Page writes a page. It renders to memory first: a page that fails half-way is an error page, not half a page.
func Page[T any](c echo.Context, status int, p templates.Page[T], f templates.Layout, view T) error {
	var buf bytes.Buffer
	if err := p.Render(&buf, f, view); err != nil {
		return err
	}
	return WriteHTML(c, status, f.Lang, buf.Bytes())
}

// Fragment writes a part of a page.
func Fragment[T any](c echo.Context, status int, f templates.Fragment[T], lang string, view T) error {
	var buf bytes.Buffer
	if err := f.Render(&buf, lang, view); err != nil {
		return err
	}
	return WriteHTML(c, status, lang, buf.Bytes())
}

// StatusFor returns 200 for a page, 422 for one that comes back with an error.
func StatusFor(problem string) int {
	if problem != "" {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// StatusOf returns 200 for a page whose view has no problems, 422 for one that comes back with them.
func StatusOf(view templates.Refusable) int {
	if len(view.Problems()) > 0 {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

var ownPath = regexp.MustCompile(`^/[a-z0-9](?:[a-z0-9-]|/[a-z0-9])*$`)

// SafePath returns the path to go to when it is one of ours, else the other: a path, no query, no host, nothing that
// a browser could read as one.
func SafePath(path, other string) string {
	if len(path) <= 200 && ownPath.MatchString(path) {
		return path
	}
	return other
}

// IDParam returns the numeric id of the address. What is no number is as unknown as an id that does not exist.
func IDParam(c echo.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id <= 0 || c.Param("id") != strconv.FormatInt(id, 10) {
		return 0, echo.ErrNotFound // 01 is no other name of 1
	}
	return id, nil
}

// Value returns a value of the form or, on a GET, of the address.
func Value(c echo.Context, name string) string {
	if c.Request().Method == http.MethodGet {
		return c.QueryParam(name)
	}
	return c.FormValue(name)
}

// Masked returns a number of which the calling code and the last two digits show.
func Masked(e164 string) string {
	if e164 == "" {
		return ""
	}
	return Unbroken(phone.Masked(e164))
}

// Unbroken keeps a number on one line.
func Unbroken(number string) string { return strings.ReplaceAll(number, " ", "\u00a0") }
