package users

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/typed"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/users"
)

// Page lists the office's users, a page at a time, or those that a search finds.
func (s *Screens) Page(c echo.Context) error {
	view, err := s.usersView(c, shownUsers{all: c.QueryParam("select") == "all"})
	if err != nil {
		return err
	}
	if web.WantsFragment(c.Request()) {
		return web.Fragment(c, http.StatusOK, pages.UsersList, s.Lang(c), view)
	}
	return s.showUsers(c, view)
}

func (s *Screens) showUsers(c echo.Context, view pages.View) error {
	f, err := s.AppLayout(c, s.T(c, "users.title"), paths.Users, templates.SectionUsers)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusOf(view), pages.Users, f, view)
}

// shownUsers is what stands in the list beside the users.
type shownUsers struct {
	selected []int64 // to be invited again
	all      bool    // whoever may be, is selected
	problem  string  // with them
}

func (s *Screens) usersView(c echo.Context, shown shownUsers) (pages.View, error) {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	office, search := sess.User.OfficeID, typed.Line(c.QueryParam("q"))
	asked, _ := strconv.Atoi(c.QueryParam("page")) // what is no number is the first page
	list, err := s.users.List(ctx, office, search, asked)
	if err != nil {
		return pages.View{}, err
	}
	view := pages.View{
		Office: sess.OfficeName, Total: list.Total, Search: search, Found: list.Found, Page: list.Page, Pages: list.Pages(),
		Manages: sess.User.Role.ManagesOffice(), InviteError: shown.problem, MayRegister: sess.User.Role.ManagesUsers(),
	}
	for _, u := range list.Users {
		row := pages.UserRow{
			ID: u.ID, Name: u.Name, Username: u.Username, Role: string(u.Role), Disabled: u.Disabled,
			NoPassword: !u.HasPassword, ResetAsked: u.ResetAsked, AsksHelp: u.AsksHelp,
			MailFailed: u.MailFailed, Invitation: templates.Invitation(u.Invitation),
		}
		if row.MayInvite = u.MayInvite && view.Manages && s.users.CanMail(); row.MayInvite {
			row.Selected, view.Invites = shown.all || slices.Contains(shown.selected, u.ID), true
		}
		row.Factors, row.Lacks = factorWords(u.Factors, func(name string) string { return s.T(c, "users."+name) })
		view.Users = append(view.Users, row)
	}
	at := func(page int) string {
		return "/settings/users?" + url.Values{"q": {search}, "page": {strconv.Itoa(page)}}.Encode()
	}
	view.SelectAll = at(list.Page) + "&select=all"
	if list.Page > 1 {
		view.Previous = at(list.Page - 1)
	}
	if list.Page < list.Pages() {
		view.Next = at(list.Page + 1)
	}
	if !view.Manages || web.WantsFragment(c.Request()) {
		return view, nil
	}
	if view.Sessions, view.SessionUsers, err = s.users.LoggedIn(ctx, office); err != nil {
		return view, err
	}
	helps, err := s.rescue.Users(ctx, office)
	if err != nil {
		return view, err
	}
	for _, h := range helps {
		view.Helps = append(view.Helps, pages.ResetRequest{ID: h.ID, Name: h.Name, At: h.At})
	}
	requests, err := s.users.Requests(ctx, office)
	for _, r := range requests {
		view.Requests = append(view.Requests, pages.ResetRequest{ID: r.User.ID, Name: r.User.Name, By: r.By, At: r.At})
	}
	return view, err
}

// factorWords says what a user proves a second factor with or, when that is nothing, what is there instead: "none", or
// "unconfirmed" for a number.
func factorWords(set factor.Set, word func(name string) string) (factors []string, lacks string) {
	for _, k := range web.Kinds() {
		if set.Of(k.Kind).Counts {
			factors = append(factors, word(k.Name))
		}
	}
	switch {
	case len(factors) > 0:
		return factors, ""
	case set.Number() != nil:
		return nil, "unconfirmed"
	}
	return nil, "none"
}

// EndAllQuestion asks before the whole office is logged out.
func (s *Screens) EndAllQuestion(c echo.Context) error {
	question := templates.Question{
		Title: s.T(c, "users.end_all_title", "Office", web.CurrentSession(c).OfficeName), Text: s.T(c, "users.end_all_text"),
		Action: paths.UsersEndSessions, Yes: s.T(c, "users.end_all_yes"), Check: s.T(c, "users.end_all_own"),
	}
	if web.WantsFragment(c.Request()) {
		return web.Fragment(c, 200, templates.QuestionDialog, s.Lang(c), question)
	}
	view, err := s.usersView(c, shownUsers{})
	if err != nil {
		return err
	}
	question.Back = paths.Users
	view.Question = &question
	return s.showUsers(c, view)
}

func (s *Screens) EndAllSessions(c echo.Context) error {
	if err := s.users.LogOutAll(c.Request().Context(), web.CurrentSession(c), s.Client(c),
		c.FormValue("also") == "yes"); err != nil {
		return err
	}
	return s.Tell(c, paths.Users, "sessions_ended")
}
