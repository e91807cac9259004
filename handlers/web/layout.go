package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/templates"
)

// Layout returns what stands around a page. path is the address at which the page can be loaded again.
func (w *Web) Layout(c echo.Context, title, path string) templates.Layout {
	f := templates.Layout{Lang: w.Lang(c), Product: w.Product, Title: title, Path: path, Demo: w.Demo,
		Session: w.sessionView(c)}
	if c.Request().Method == http.MethodPost {
		f.Again = paths.Next(path, SafePath(c.FormValue("next"), ""))
	}
	return f
}

// Toasts returns the words for things just done that a page tells once. Their texts are done.<toast>.
func Toasts() []string {
	return []string{"saved", "activated", "switched_off", "dated", "undated", "exempted", "exemption_ended",
		"wave_set", "wave_removed", "free_added", "free_removed", "free_imported",
		"reminded", "nobody_reminded", "drill_begun", "drill_ended",
		"number_saved", "number_registered", "app_added",
		"app_removed", "passkey_added", "passkey_removed", "passkey_renamed", "reset_link", "session_ended", "trust_ended",
		"codes_kept", "confirmed",
		"challenge_ended", "sent_anew", "cap_set", "office_created", "office_created_invited",
		"first_invited", "has_superuser", "job_of_nobody", "prefix_released",
		"user_added", "user_invited", "invited_again", "invited_nobody", "imported_invited", "user_added_invited",
		"user_not_invited", "user_disabled", "user_enabled",
		"user_deleted", "reset_asked", "help_refused", "help_first", "pass_given",
		"reset_declined", "sessions_ended", "imported", "imported_not_invited",
		"password_changed", "operator_app",
		"application_left", "application_registered", "application_enabled", "application_disabled",
		"application_removed", "sso_linked", "sso_unlinked", "sso_removed", "back"}
}

// AppLayout returns the layout of a page behind the log-in. section is the entry that is current.
func (w *Web) AppLayout(c echo.Context, title, path string, section templates.Section) (templates.Layout, error) {
	sess := CurrentSession(c)
	f := w.Layout(c, title, path)
	f.Section = section
	f.User = &templates.CurrentUser{
		Name: sess.User.Name, Role: string(sess.User.Role), OfficeCode: sess.OfficeCode, OfficeName: sess.OfficeName,
		ManagesUsers: sess.User.Role.ManagesUsers() && !sess.Limited,
	}
	switch {
	case sess.Limited:
		f.Standing = &templates.Standing{Text: w.N(c, "pass.until", int(sess.IdleLimit.Minutes())), Until: sess.ExpiresAt}
	case !sess.CoolingUntil.IsZero():
		f.Standing = &templates.Standing{Text: w.T(c, "cooling.until"), Until: sess.CoolingUntil}
	}
	w.TellToast(c, &f)
	openable, err := w.Openable(c)
	if err != nil {
		return f, err
	}
	f.User.Applications = len(openable) > 0
	told, err := w.factors.Notices(c.Request().Context(), sess.User.ID)
	if err != nil {
		return f, err
	}
	for _, n := range told {
		f.Notices = append(f.Notices, templates.Notice{ID: n.ID, Text: w.T(c, "notice."+string(n.Kind)), At: n.At})
	}
	return f, nil
}

const keyOpenable = "openable"

// Openable returns the applications that the user may open, read once for a request.
func (w *Web) Openable(c echo.Context) ([]application.OfOffice, error) {
	if kept, ok := c.Get(keyOpenable).([]application.OfOffice); ok {
		return kept, nil
	}
	all, err := w.applications.Openable(c.Request().Context(), CurrentSession(c))
	if err == nil {
		c.Set(keyOpenable, all)
	}
	return all, err
}

// Toast returns the sentence about what has just been done, or "".
func (w *Web) Toast(c echo.Context) string {
	sentence, _ := w.toast(c)
	return sentence
}

// TellToast puts what has just been done on a page behind the log-in.
func (w *Web) TellToast(c echo.Context, f *templates.Layout) {
	toast, back := w.toast(c)
	f.Toast = toast
	if f.Session != nil {
		f.Session.Back = back
	}
}

// toast also reports whether the user is back after a log-in.
func (w *Web) toast(c echo.Context) (sentence string, back bool) {
	done, count, _ := strings.Cut(w.Told(c), "-")
	if !slices.Contains(Toasts(), done) {
		return "", false
	}
	if n, err := strconv.Atoi(count); err == nil && n > 0 {
		return w.N(c, "done."+done, n), false
	}
	if count == "" {
		return w.T(c, "done."+done), done == "back"
	}
	return "", false
}

// toldSeconds is how long a word waits for the page that tells it.
const toldSeconds = 60

// Tell leads to a page that tells a word once: what has just been done, or why a log-in has ended. It travels in a
// cookie: a page that was asked for by its address alone tells nothing, whoever made the link, and none tells it twice.
func (w *Web) Tell(c echo.Context, path, word string) error {
	w.SetCookie(c, CookieTold, word, toldSeconds)
	return w.Redirect(c, path)
}

// TellCount is Tell of a word about a number.
func (w *Web) TellCount(c echo.Context, path, word string, n int) error {
	return w.Tell(c, path, word+"-"+strconv.Itoa(n))
}

// Told returns the word that the page is to tell, or "", and forgets it.
func (w *Web) Told(c echo.Context) string {
	word := w.Cookie(c, CookieTold)
	if word != "" {
		w.SetCookie(c, CookieTold, "", -1)
	}
	return word
}

// SeeNotices puts away the notices that the form saw, and leads back.
func (w *Web) SeeNotices(c echo.Context, back string) error {
	upTo, err := strconv.ParseInt(c.FormValue("up_to"), 10, 64)
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	if err := w.factors.SeeNotices(c.Request().Context(), CurrentSession(c).User.ID, upTo); err != nil {
		return err
	}
	return w.Redirect(c, back)
}
