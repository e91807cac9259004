package operator

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/users"
	"github.com/nightlatch/nightlatch/templates"
)

// firstTyped returns the first superuser that a form has, as what is shown again and as what is made.
func (s *Screens) firstTyped(c echo.Context) (templates.FirstSuperuser, users.First) {
	first := users.First{
		Username: c.FormValue("first_username"), Name: c.FormValue("first_name"), Email: c.FormValue("first_email"),
	}
	return templates.FirstSuperuser{
		NoMail: !s.users.CanMail(), Username: first.Username, Name: first.Name, Email: first.Email,
	}, first
}

func (s *Screens) founder(c echo.Context) users.Founder {
	return users.Founder{Operator: web.CurrentSession(c).User.Person(), Address: c.RealIP(),
		Language: s.Lang(c)}
}

// tellFirst puts what is wrong with the first superuser beside the fields. It returns an error that is no refusal.
func (s *Screens) tellFirst(c echo.Context, view *templates.FirstSuperuser, refused error) error {
	var problems users.Problems
	switch {
	case errors.As(refused, &problems):
		view.UserErrors = s.UserErrors(c, problems)
		return nil
	case errors.Is(refused, users.ErrTaken):
		view.UsernameError = s.T(c, "first.taken")
		return nil
	}
	return refused
}

// AddFirst adds the first superuser of an office that has none.
func (s *Screens) AddFirst(c echo.Context) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	view, first := s.firstTyped(c)
	err = s.users.AddFirst(c.Request().Context(), s.founder(c), id, first)
	switch {
	case err == nil:
		return s.Tell(c, paths.To(paths.OperatorOffice, id), "first_invited")
	case errors.Is(err, users.ErrHasSuperuser):
		return s.Tell(c, paths.To(paths.OperatorOffice, id), "has_superuser")
	case errors.Is(err, account.ErrUnknown):
		return echo.ErrNotFound
	}
	if err := s.tellFirst(c, &view, err); err != nil {
		return err
	}
	return s.showOffice(c, shownOffice{first: &view})
}
