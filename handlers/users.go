package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// usersPage lists the office's users, a page at a time, or those that a search finds.
func (s *Site) usersPage(c echo.Context) error {
	view, err := s.usersView(c)
	if err != nil {
		return err
	}
	if wantsFragment(c.Request()) {
		return fragment(c, http.StatusOK, templates.UsersList, s.lang(c), view)
	}
	return s.showUsers(c, view)
}

func (s *Site) showUsers(c echo.Context, view templates.UsersView) error {
	f, err := s.inside(c, s.t(c, "users.title"), "/settings/users", templates.SectionUsers)
	if err != nil {
		return err
	}
	return page(c, http.StatusOK, templates.Users, f, view)
}

func (s *Site) usersView(c echo.Context) (templates.UsersView, error) {
	ctx, sess := c.Request().Context(), must(c)
	office, search := sess.User.OfficeID, account.Line(c.QueryParam("q"))
	asked, _ := strconv.Atoi(c.QueryParam("page")) // what is no number is the first page
	list, err := s.People.List(ctx, office, search, asked)
	if err != nil {
		return templates.UsersView{}, err
	}
	view := templates.UsersView{
		Office: sess.OfficeName, Total: list.Total, Search: search, Found: list.Found, Page: list.Page, Pages: list.Pages(), Manages: sess.User.Role.ManagesOffice(),
	}
	for _, u := range list.Users {
		view.Users = append(view.Users, templates.UserRow{
			ID: u.ID, Name: u.Name, Username: u.Username, Role: string(u.Role), Factor: factorState(u.Profile), Disabled: u.Disabled,
			NoPassword: !u.HasPassword, ResetAsked: u.ResetAsked,
		})
	}
	at := func(page int) string {
		return "/settings/users?" + url.Values{"q": {search}, "page": {strconv.Itoa(page)}}.Encode()
	}
	if list.Page > 1 {
		view.Previous = at(list.Page - 1)
	}
	if list.Page < list.Pages() {
		view.Next = at(list.Page + 1)
	}
	if !view.Manages || wantsFragment(c.Request()) {
		return view, nil
	}
	if view.Sessions, view.SessionUsers, err = s.People.LoggedIn(ctx, office); err != nil {
		return view, err
	}
	requests, err := s.People.Requests(ctx, office)
	for _, r := range requests {
		view.Requests = append(view.Requests, templates.ResetRequest{ID: r.User.ID, Name: r.User.Name, By: r.By, At: r.At})
	}
	return view, err
}

// factorState says what a user proves the second step with.
func factorState(u account.Profile) templates.FactorState {
	switch {
	case u.Authenticator && u.MobileConfirmed:
		return templates.FactorBoth
	case u.Authenticator:
		return templates.FactorApp
	case u.MobileConfirmed:
		return templates.FactorNumber
	case u.MobileNumber != "":
		return templates.FactorUnconfirmed
	}
	return templates.FactorNone
}

// userPage is another user's settings, or one's own as the office sees them.
func (s *Site) userPage(c echo.Context) error { return s.showUser(c, shownUser{}) }

// shownUser is what stands on a user's page beside the user.
type shownUser struct {
	fieldProblem string // of the number
	problem      string
	sure         bool // the number is taken when it is posted once more
	question     func(account.Profile) templates.Question
}

func (s *Site) showUser(c echo.Context, shown shownUser) error {
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
	view.Error = shown.problem
	if shown.question != nil {
		question := shown.question(user)
		if wantsFragment(c.Request()) {
			return fragment(c, http.StatusOK, templates.QuestionDialog, s.lang(c), question)
		}
		view.Question = &question
	}
	standing, err := s.People.Standing(ctx, sess.User.OfficeID, id)
	if err != nil {
		return err
	}
	view.NoPassword, view.Sessions, view.AskedBy, view.AskedAt = !standing.HasPassword, standing.Sessions, standing.ResetAskBy, standing.ResetAskAt
	view.CanMail = s.Invites != nil
	if view.Field, err = s.numberField(c, shown.fieldProblem, shown.sure); err != nil {
		return err
	}
	f, err := s.inside(c, user.Name, fmt.Sprintf("/settings/users/%d", id), templates.SectionUsers)
	if err != nil {
		return err
	}
	return page(c, statusFor(shown.fieldProblem+shown.problem), templates.User, f, view)
}

func userView(viewer account.User, twoFactor bool, u account.Profile) templates.UserView {
	something := u.HasFactor() || u.MobileNumber != ""
	view := templates.UserView{
		ID: u.ID, Name: u.Name, Username: u.Username, Email: u.Email, Role: string(u.Role), TwoFactor: twoFactor, App: u.Authenticator, HasFactor: u.HasFactor(),
		Number: masked(u.MobileNumber), Country: u.MobileCountry, Confirmed: u.MobileConfirmed,
		MayRegister: twofactor.MayRegister(viewer.Role, u.Role), Higher: !viewer.Role.AtLeast(u.Role),
		MayReset: viewer.Role.ManagesOffice() && viewer.ID != u.ID && something,
		MayAsk:   !viewer.Role.ManagesOffice() && viewer.ID != u.ID && something,
		Manages:  viewer.Role.ManagesOffice(), Own: viewer.ID == u.ID, Disabled: u.Disabled,
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
		return s.showUser(c, shownUser{fieldProblem: refused, sure: sure})
	}
	err = s.Factors.RegisterNumber(c.Request().Context(), must(c), s.client(c), id, number)
	if errors.Is(err, twofactor.ErrHasFactor) {
		return s.showUser(c, shownUser{problem: s.t(c, "user.has_factor")})
	}
	if err != nil {
		return err
	}
	return s.redirect(c, fmt.Sprintf("/settings/users/%d?done=number_registered", id))
}

// resetQuestion asks before a reset.
func (s *Site) resetQuestion(c echo.Context) error {
	return s.showUser(c, shownUser{question: func(u account.Profile) templates.Question {
		return templates.Question{
			Title: s.t(c, "user.reset_title", "Name", u.Name), Text: s.t(c, "user.reset_text"),
			Notes:  []templates.Note{{Icon: "triangle-alert", Text: s.t(c, "user.reset_warning"), Warning: true}},
			Action: userPath(u.ID, "/reset"), Yes: s.t(c, "user.reset_yes"),
		}
	}})
}

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
