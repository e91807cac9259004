package handlers

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

const (
	pathMe     = "/settings/me"
	pathOffice = "/settings/office/general"
)

// wantsFragment decides between a part of the page and the whole: htmx asks for a part exactly when it says so.
func wantsFragment(r *http.Request) bool { return r.Header.Get("HX-Request-Type") == "partial" }

// redirect leads to a path of ours. htmx would swap the page behind a 303 into its target, so that it is
// told to load the page instead.
func (s *Site) redirect(c echo.Context, path string) error {
	if wantsFragment(c.Request()) {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusUnauthorized)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// lang is the language of the answer.
func (s *Site) lang(c echo.Context) string {
	user := ""
	if sess, ok := sessionOf(c); ok {
		user = sess.User.Language
	}
	return locale.Negotiate(user, s.cookie(c, cookieLanguage), c.Request().Header.Get("Accept-Language"))
}

// t is a text in the language of the answer.
func (s *Site) t(c echo.Context, id string, args ...any) string {
	return locale.T(s.lang(c), id, args...)
}

// n is a text about a number, in the language of the answer.
func (s *Site) n(c echo.Context, id string, n int) string {
	return locale.N(s.lang(c), id, n)
}

// frame is what stands around a page. path is the address at which the page can be loaded again.
func (s *Site) frame(c echo.Context, title, path string) templates.Layout {
	return templates.Layout{Lang: s.lang(c), Product: s.product, Title: title, Path: path, Demo: s.Phone != nil}
}

// toasts are the things just done that a page may be asked to tell.
var toasts = []string{"saved", "activated", "switched_off", "number_saved", "number_registered", "app_added", "app_removed",
	"reset", "session_ended", "codes_kept", "confirmed",
	"challenge_ended", "sent_anew", "cap_set", "office_created", "prefix_released",
	"user_added", "user_invited", "user_added_invited", "user_not_invited", "user_disabled", "user_enabled", "user_deleted",
	"reset_asked", "reset_declined", "sessions_ended", "imported", "imported_not_invited", "password_changed",
	"sso_linked", "sso_unlinked", "sso_removed"}

// inside is the frame of a page behind the log-in.
func (s *Site) inside(c echo.Context, title, path string, section templates.Section) (templates.Layout, error) {
	sess := must(c)
	f := s.frame(c, title, path)
	f.Section = section
	f.User = &templates.CurrentUser{
		Name: sess.User.Name, Role: string(sess.User.Role), OfficeCode: sess.OfficeCode, OfficeName: sess.OfficeName,
		ManagesUsers: sess.User.Role.ManagesUsers(),
	}
	if done := c.QueryParam("done"); slices.Contains(toasts, done) {
		f.Toast = s.t(c, "done."+done)
	}
	told, err := s.Factors.Notices(c.Request().Context(), sess.User.ID)
	if err != nil {
		return f, err
	}
	for _, n := range told {
		f.Notices = append(f.Notices, templates.Notice{ID: n.ID, Text: s.t(c, "notice."+string(n.Kind)), At: n.At})
	}
	return f, nil
}

// page renders to memory first: a page that fails half-way is an error page, not half a page.
func page[T any](c echo.Context, status int, p templates.Page[T], f templates.Layout, view T) error {
	var buf bytes.Buffer
	if err := p.Render(&buf, f, view); err != nil {
		return err
	}
	return c.HTMLBlob(status, buf.Bytes())
}

func fragment[T any](c echo.Context, status int, f templates.Fragment[T], lang string, view T) error {
	var buf bytes.Buffer
	if err := f.Render(&buf, lang, view); err != nil {
		return err
	}
	return c.HTMLBlob(status, buf.Bytes())
}

// statusFor is 200 for a page, 422 for one that comes back with an error.
func statusFor(problem string) int {
	if problem != "" {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

var ownPath = regexp.MustCompile(`^/[a-z0-9](?:[a-z0-9-]|/[a-z0-9])*$`)

// safePath answers the path to go to when it is one of ours, else the other: a path, no query, no host,
// nothing that a browser could read as one.
func safePath(path, other string) string {
	if len(path) <= 200 && ownPath.MatchString(path) {
		return path
	}
	return other
}

// idParam is a numeric id of the address; whatever is none is as unknown as one that does not exist.
func idParam(c echo.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, echo.ErrNotFound
	}
	return id, nil
}

// waitText is the sentence for a user who was wrong ten times in a row.
func (s *Site) waitText(c echo.Context, w *twofactor.Wait) string {
	switch {
	case w.Recovery:
		return s.t(c, "code.locked")
	case w.Until.IsZero():
		return s.t(c, "code.disabled")
	}
	return s.n(c, "code.wait", int(w.For.Minutes())+1)
}
