package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// HandleError is where every error ends: the operator's log gets the chain, the user a page or, for a fragment, a
// notice in its place.
func (w *Web) HandleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	if why := endOfLogin(err); why != "" {
		if err = w.Redirect(c, paths.Why(paths.Login, why)); err == nil {
			return
		}
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
		err = Page(c, status, templates.Error, w.Layout(c, view.Title, paths.Start), view)
	}
	if err != nil {
		w.Logger.ErrorContext(c.Request().Context(), "write error page", "request", RequestID(c), "error", err)
	}
}

// endOfLogin returns why the log-in is over with this error, as the log-in page says it, or "".
func endOfLogin(err error) string {
	switch {
	case errors.Is(err, errExhausted):
		return "exhausted"
	case errors.Is(err, session.ErrNone):
		return "over"
	}
	return ""
}

// classify returns the status of an error, and the number of its texts in the catalogue.
func classify(err error) (status int, id string) {
	var http4 *echo.HTTPError
	switch {
	case errors.As(err, &http4):
		switch http4.Code {
		case http.StatusNotFound:
			return http4.Code, "404"
		case http.StatusForbidden:
			return http4.Code, "403"
		case http.StatusRequestEntityTooLarge:
			return http4.Code, "413"
		case http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType:
			return http4.Code, "400"
		}
		if http4.Code >= 400 && http4.Code < 500 {
			return http.StatusBadRequest, "400"
		}
	case errors.Is(err, errCrossOrigin), errors.Is(err, fault.Forbidden), errors.Is(err, office.ErrNotAllowed), errors.Is(err, federation.ErrNotAllowed),
		errors.Is(err, twofactor.ErrNotAllowed), errors.Is(err, twofactor.ErrHasFactor):
		return http.StatusForbidden, "403"
	case errors.Is(err, account.ErrUnknown), errors.Is(err, fault.NotFound):
		return http.StatusNotFound, "404"
	case errors.Is(err, fault.Invalid):
		return http.StatusBadRequest, "400"
	case errors.Is(err, account.ErrBusy), errors.Is(err, fault.Unavailable), db.Unavailable(err), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable, "503"
	}
	return http.StatusInternalServerError, "500"
}

func (w *Web) errorText(c echo.Context, id string, err error) string {
	switch {
	case errors.Is(err, errCrossOrigin):
		return w.T(c, "error.403_cross")
	case id == "413":
		return w.T(c, "error.400_text")
	}
	return w.T(c, "error."+id+"_text")
}
