package users

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/users"
)

// InviteAgain invites the users that are selected in the list, as far as they may be.
func (s *Screens) InviteAgain(c echo.Context) error {
	selected, err := postedUsers(c)
	if err != nil {
		return err
	}
	if len(selected) == 0 {
		view, err := s.usersView(c, shownUsers{problem: s.T(c, "users.select_somebody")})
		if err != nil {
			return err
		}
		return s.showUsers(c, view)
	}
	n, err := s.users.InviteAgain(c.Request().Context(), web.CurrentSession(c), s.Client(c), selected)
	if err != nil {
		return err
	}
	if n == 0 {
		return s.Tell(c, paths.Users, "invited_nobody")
	}
	return s.TellCount(c, paths.Users, "invited_again", n)
}

// postedUsers returns the users that a form selects: at most a page of them.
func postedUsers(c echo.Context) (ids []int64, err error) {
	form, err := c.FormParams()
	if err != nil || len(form["user"]) > users.PageSize {
		return nil, echo.ErrBadRequest
	}
	for _, text := range form["user"] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, echo.ErrBadRequest
		}
		ids = append(ids, id)
	}
	return ids, nil
}
