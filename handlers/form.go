package handlers

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// formMemory is how much of a multipart form is kept in memory: all that the limit of bodies lets in.
const formMemory = 1 << 20

// readForm reads the form of a request that may change something, once, before any handler: a form whole
// and well-formed, or a 4xx. From then on FormValue is what the body says, and never the address: a password
// in an address would be logged, and a link could fill in a form.
func readForm(next echo.HandlerFunc) echo.HandlerFunc {
	read := readBody(next)
	return func(c echo.Context) error {
		if r := c.Request(); safe(r.Method) || !takesForms(r.URL.Path) || takesFile(c) {
			return next(c)
		}
		return read(c)
	}
}

// readBody reads it. Where a file is taken it stands behind the guards and the file's own limit.
func readBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if err := parseForm(r); err != nil {
			return err
		}
		if !wellFormed(r.PostForm) {
			return echo.ErrBadRequest
		}
		r.Form = r.PostForm
		return next(c)
	}
}

// takesForms is false where machines post: providers' reports, and the queue's page with its JSON.
func takesForms(path string) bool {
	return !strings.HasPrefix(path, "/hooks/") && path != pathJobs && !strings.HasPrefix(path, pathJobs+"/")
}

func parseForm(r *http.Request) error {
	kind := r.Header.Get("Content-Type")
	if r.ContentLength == 0 && kind == "" {
		kind = "application/x-www-form-urlencoded" // nothing is an empty form
	}
	media, _, err := mime.ParseMediaType(kind)
	switch {
	case err != nil:
		return echo.ErrUnsupportedMediaType
	case media == "application/x-www-form-urlencoded":
		err = r.ParseForm()
	case media == "multipart/form-data":
		err = r.ParseMultipartForm(formMemory)
	default:
		return echo.ErrUnsupportedMediaType
	}
	if tooLarge(err) {
		return err
	}
	if err != nil {
		return echo.ErrBadRequest
	}
	if r.PostForm == nil {
		r.PostForm = url.Values{}
	}
	return nil
}

// wellFormed reports whether all names and values are text as browsers send it, and PostgreSQL takes it.
func wellFormed(values url.Values) bool {
	text := func(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
	for name, all := range values {
		if !text(name) {
			return false
		}
		for _, v := range all {
			if !text(v) {
				return false
			}
		}
	}
	return true
}

func tooLarge(err error) bool {
	var http4 *echo.HTTPError
	return errors.As(err, &http4) && http4.Code == http.StatusRequestEntityTooLarge
}
