package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/templates"
)

// PasswordOrigin returns where a change of a password comes from, for the mail about it.
func (w *Web) PasswordOrigin(c echo.Context) account.Origin {
	return w.Client(c).Origin()
}

// PasswordRefusal returns the sentence of a refused password.
func (w *Web) PasswordRefusal(c echo.Context, r *account.Refusal) string {
	return w.T(c, r.Key, r.Args...)
}

// ShowStrength shows how good the posted password is under these rules.
func (w *Web) ShowStrength(c echo.Context, rules account.PasswordFor) error {
	view, password := templates.StrengthView{}, c.FormValue("password")
	if password != "" {
		view.Strength = templates.Strength(account.Strength(password, rules))
	}
	if refusal := account.PasswordProblem(password, rules); refusal != nil && password != "" {
		view.Text = w.PasswordRefusal(c, refusal)
	}
	return Fragment(c, http.StatusOK, templates.PasswordStrength, w.Lang(c), view)
}

// RefusalOf returns the sentence for a password that may not be chosen, or "".
func (w *Web) RefusalOf(c echo.Context, password string, rules account.PasswordFor) string {
	if refusal := account.PasswordProblem(password, rules); refusal != nil {
		return w.PasswordRefusal(c, refusal)
	}
	return ""
}
