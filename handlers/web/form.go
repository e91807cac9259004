package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/nightlatch/nightlatch/internal/typed"
)

// formMemory is how much of a multipart form is kept in memory: all that the limit of bodies lets in.
const formMemory = 1 << 20

// maxKind is the longest type of a form, with its parameters: the boundary of a file's has 70 characters (RFC 2046).
const maxKind = 200

// SmallBody bounds the body of a form.
func SmallBody() echo.MiddlewareFunc { return middleware.BodyLimit("64K") }

// FileBody bounds the body of a form with a file: users.MaxFile, and the rest of the form around it. It
// stands behind the guards, so that a stranger's large body is not read.
func FileBody() echo.MiddlewareFunc { return middleware.BodyLimit("1100K") }

// ReadForm reads the form of a request that may change something, once, before any handler: a form whole and
// well-formed, or a 4xx. From then on FormValue is what the body says, and never the address: a password in an address
// would be logged, and a link could fill in a form. Text is read as people see it (package typed), in every field.
func ReadForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if IsSafe(r.Method) {
			return next(c)
		}
		body, err := io.ReadAll(r.Body)
		if tooLarge(err) {
			return err
		}
		if err != nil {
			return echo.ErrBadRequest
		}
		c.Set(keyForm, body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err := parseForm(r); err != nil {
			return err
		}
		if !WellFormed(r.PostForm) {
			return echo.ErrBadRequest
		}
		readTyped(r.PostForm)
		r.Form = r.PostForm
		return next(c)
	}
}

// asPosted are the fields that are no line of text: passwords, which account reads by rules of their own, and the file
// of an import, which its preview carries.
var asPosted = []string{"password", "present", "again", "secret", "lines"}

func readTyped(values url.Values) {
	for name, all := range values {
		if slices.Contains(asPosted, name) {
			continue
		}
		for i, v := range all {
			all[i] = typed.Line(v)
		}
	}
}

// IsSafe reports whether a request of this method changes nothing.
func IsSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

func parseForm(r *http.Request) error {
	kind := r.Header.Get("Content-Type")
	if r.ContentLength == 0 && kind == "" {
		kind = "application/x-www-form-urlencoded" // nothing is an empty form
	}
	media, _, err := mime.ParseMediaType(kind)
	switch {
	case err != nil, len(kind) > maxKind:
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

// WellFormed reports whether all names and values are text as browsers send it, and PostgreSQL takes it.
func WellFormed(values url.Values) bool {
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

// PostedFile reads the file of a form, nil when there is none. Of one that is larger than most it returns a byte more.
func PostedFile(c echo.Context, most int64) ([]byte, error) {
	header, err := c.FormFile("file")
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return nil, nil
	case err != nil:
		return nil, echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	file, err := header.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, most+1))
}
