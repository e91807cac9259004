package handlers

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/account"
	"github.com/nightlatch/nightlatch/templates"
	"github.com/nightlatch/nightlatch/twofactor"
)

// usersPage lists the office's users.
func (s *Site) usersPage(c echo.Context) error {
	sess := must(c)
	users, err := s.Accounts.List(c.Request().Context(), sess.User.OfficeID)
	if err != nil {
		return err
	}
	view := templates.UsersView{Office: sess.OfficeName}
	for _, u := range users {
		view.Users = append(view.Users, templates.UserRow{
			ID: u.ID, Name: u.Name, Username: u.Username, Role: string(u.Role), Factor: factorWord(u), Disabled: u.Disabled,
		})
	}
	f, err := s.inside(c, s.t(c, "users.title"), "/settings/users", "users")
	if err != nil {
		return err
	}
	return page(c, http.StatusOK, templates.Users, f, view)
}

// factorWord says in a word what a user proves the second step with.
func factorWord(u account.Profile) string {
	switch {
	case u.Authenticator && u.MobileConfirmed:
		return "both"
	case u.Authenticator:
		return "app"
	case u.MobileConfirmed:
		return "number"
	case u.MobileNumber != "":
		return "unconfirmed"
	}
	return "none"
}

// userPage is another user's settings, or one's own as the office sees them.
func (s *Site) userPage(c echo.Context) error { return s.showUser(c, "", "", false, false) }

func (s *Site) showUser(c echo.Context, fieldProblem, problem string, sure, askReset bool) error {
	ctx, sess := c.Request().Context(), must(c)
	id, err := idParam(c)
	if err != nil {
		return err
	}
	user, err := s.Accounts.Profile(ctx, sess.User.OfficeID, id)
	if err != nil {
		return err
	}
	view := userView(sess.User, sess.TwoFactorRequired, user)
	view.Error, view.AskReset = problem, askReset
	if askReset && wantsFragment(c.Request()) {
		return fragment(c, http.StatusOK, templates.UserReset, s.lang(c), view)
	}
	if view.Field, err = s.numberField(c, fieldProblem, sure); err != nil {
		return err
	}
	f, err := s.inside(c, user.Name, fmt.Sprintf("/settings/users/%d", id), "users")
	if err != nil {
		return err
	}
	return page(c, statusFor(fieldProblem+problem), templates.User, f, view)
}

func userView(viewer account.User, twoFactor bool, u account.Profile) templates.UserView {
	view := templates.UserView{
		ID: u.ID, Name: u.Name, Username: u.Username, Role: string(u.Role), TwoFactor: twoFactor, App: u.Authenticator, HasFactor: u.HasFactor(),
		Number: masked(u.MobileNumber), Country: u.MobileCountry,
		MayRegister: twofactor.MayRegister(viewer.Role, u.Role), Higher: !viewer.Role.AtLeast(u.Role),
		MayReset: viewer.Role.ManagesOffice() && viewer.ID != u.ID && (u.HasFactor() || u.MobileNumber != ""),
	}
	if u.MobileNumber != "" {
		view.NumberState = numberState(u.MobileConfirmed)
	}
	return view
}

// registerNumber notes another user's number, unconfirmed.
func (s *Site) registerNumber(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	if _, err := s.Accounts.Profile(c.Request().Context(), must(c).User.OfficeID, id); err != nil {
		return err // another office's user is unknown before anything is said about the number
	}
	number, refused, sure := s.readNumber(c)
	if refused != "" {
		return s.showUser(c, refused, "", sure, false)
	}
	err = s.Factors.RegisterNumber(c.Request().Context(), must(c), s.client(c), id, number)
	if errors.Is(err, twofactor.ErrHasFactor) {
		return s.showUser(c, "", s.t(c, "user.has_factor"), false, false)
	}
	if err != nil {
		return err
	}
	return s.redirect(c, fmt.Sprintf("/settings/users/%d?done=number_registered", id))
}

// resetQuestion asks before a reset.
func (s *Site) resetQuestion(c echo.Context) error { return s.showUser(c, "", "", false, true) }

func (s *Site) resetUser(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	if _, err := s.Accounts.Profile(c.Request().Context(), must(c).User.OfficeID, id); err != nil {
		return err // unknown, before a proof is asked for
	}
	err = s.Factors.Reset(c.Request().Context(), must(c), s.client(c), id)
	if errors.Is(err, twofactor.ErrNotFresh) {
		return s.redirect(c, withNext("/settings/confirm", fmt.Sprintf("/settings/users/%d/reset", id)))
	}
	if err != nil {
		return err
	}
	return s.redirect(c, fmt.Sprintf("/settings/users/%d?done=reset", id))
}
