package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/federation"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
)

// SSOFlowSeconds is the life of a flow's cookie: as long as the flow's own.
const SSOFlowSeconds = 10 * 60

// SSOProblem shows the page for a sign-in that did not end in one: what happened, and the ways on. A refusal
// sets no cookie, nor takes one.
func (w *Web) SSOProblem(c echo.Context, err error) error {
	var refused *federation.Refused
	var trouble *federation.Trouble
	status, view := http.StatusBadRequest, templates.SSOView{Problem: true}
	switch {
	case errors.As(err, &refused):
		status = http.StatusForbidden
		view.Heading, view.Text = w.T(c, "sso.refused_title"), w.T(c, "sso.refused", "Product", w.Product)
		if refused.Why != "" {
			view.More, view.Retry = w.T(c, "sso_refused."+refused.Why), refused.OfficeCode
		}
	case errors.As(err, &trouble):
		w.Logger.WarnContext(c.Request().Context(), "single sign-on", "request", RequestID(c), "error", err)
		status = http.StatusBadGateway
		if trouble.Kind == federation.Denied {
			status = http.StatusForbidden
		}
		view.Heading, view.Text, view.Retry = w.T(c, "sso.trouble_title"),
			w.T(c, "sso_trouble."+string(trouble.Kind)), trouble.OfficeCode
	case errors.Is(err, session.ErrCrowded):
		status = http.StatusTooManyRequests
		view.Heading, view.Text = w.T(c, "sso.trouble_title"), w.T(c, "login.crowded")
	case errors.Is(err, federation.ErrFlow):
		view.Heading, view.Text = w.T(c, "sso.flow_title"), w.T(c, "sso.flow_text")
		view.Retry, _ = w.lastLogin(c)
	default:
		return err
	}
	return Page(c, status, templates.SSO, w.Layout(c, view.Heading, paths.Login), view)
}
