package web

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/users"
	"github.com/nightlatch/nightlatch/templates"
)

// UserErrors puts what is wrong with a user who is made or changed into words, beside the fields.
func (w *Web) UserErrors(c echo.Context, problems users.Problems) (said templates.UserErrors) {
	for _, problem := range problems {
		text := w.T(c, "user_problem."+string(problem))
		switch problem {
		case users.BadUsername:
			said.UsernameError = text
		case users.BadName:
			said.NameError = text
		case users.BadEmail, users.NoEmail:
			said.EmailError = text
		default:
			said.RoleError = text
		}
	}
	return said
}
