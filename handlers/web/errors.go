package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
)

// HandleError is where every error ends: the operator's log gets the chain, the user a page or, for a fragment, a
// notice in its place.
func (w *Web) HandleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	switch {
	case errors.Is(err, errExhausted):
		err = w.Tell(c, paths.Login, "exhausted")
	case errors.Is(err, session.ErrNone):
		err = w.toLogin(c, paths.Login)
	}
	if err == nil {
		return
	}
	status, id := classify(err)
	if status >= http.StatusInternalServerError {
		level := slog.LevelError
		if errors.Is(err, context.Canceled) {
			level = slog.LevelInfo // whoever asked went on before the answer was ready
		}
		w.Logger.Log(c.Request().Context(), level, "request failed", "request", RequestID(c), "route", c.Path(),
			"status", status, "error", err)
	}
	if status == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", "5")
	}
	view := templates.ErrorView{
		Status: status, Title: w.T(c, "error."+id+"_title"), Text: w.errorText(c, id, err),
		Request: RequestID(c), Retry: status >= 500 && c.Request().Method == http.MethodGet,
	}
	if WantsFragment(c.Request()) {
		err = Fragment(c, status, templates.ErrorNotice, w.Lang(c), view)
	} else {
		err = w.errorPage(c, status, view)
	}
	if err != nil {
		w.Logger.ErrorContext(c.Request().Context(), "write error page", "request", RequestID(c), "error", err)
	}
}

// errorPage writes the page of an error: with the navigation for who is in, unless it is ours or the database is gone.
func (w *Web) errorPage(c echo.Context, status int, view templates.ErrorView) error {
	sess, ok := CurrentSessionOK(c)
	if ok && !sess.Pending() && !sess.PasswordTooShort && !sess.PasskeyOwed && status < http.StatusInternalServerError {
		if f, err := w.AppLayout(c, view.Title, paths.Start, ""); err == nil {
			return Page(c, status, templates.ErrorInside, f, view)
		}
	}
	return Page(c, status, templates.Error, w.Layout(c, view.Title, paths.Start), view)
}

// pages are the status of each code, and the number of its texts in the catalogue. What must not come so far (a step-up
// that no route asks for) is an error of ours.
var pages = map[fault.Code]int{
	fault.NotFound:    http.StatusNotFound,
	fault.Forbidden:   http.StatusForbidden,
	fault.Conflict:    http.StatusConflict,
	fault.Ended:       http.StatusConflict,
	fault.Invalid:     http.StatusBadRequest,
	fault.Unavailable: http.StatusServiceUnavailable,
}

// classify returns the status of an error, and the number of its texts in the catalogue.
func classify(err error) (status int, id string) {
	var http4 *echo.HTTPError
	switch {
	case errors.As(err, &http4):
		status = http4.Code
	case errors.Is(err, errCrossOrigin):
		status = http.StatusForbidden
	case db.Unavailable(err), errors.Is(err, context.Canceled):
		status = http.StatusServiceUnavailable
	default:
		status = pages[fault.CodeOf(err)]
	}
	switch status {
	case http.StatusNotFound, http.StatusForbidden, http.StatusConflict, http.StatusRequestEntityTooLarge,
		http.StatusServiceUnavailable:
		return status, strconv.Itoa(status)
	case http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType:
		return status, "400"
	}
	if status >= 400 && status < 500 {
		return http.StatusBadRequest, "400"
	}
	return http.StatusInternalServerError, "500"
}

func (w *Web) errorText(c echo.Context, id string, err error) string {
	var cooling *session.Cooling
	switch {
	case errors.Is(err, errCrossOrigin):
		return w.T(c, "error.403_cross")
	case errors.Is(err, session.ErrLimited):
		return w.T(c, "error.pass_text")
	case errors.As(err, &cooling):
		return w.T(c, "error.cooling_text", "Until", locale.Time(w.Lang(c), locale.Moment, cooling.Until.In(Zone(c))))
	case id == "413":
		return w.T(c, "error.400_text")
	}
	return w.T(c, "error."+id+"_text")
}
