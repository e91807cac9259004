package web

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/typed"
	"github.com/nightlatch/nightlatch/templates"
)

// OwnPassword is what differs between the page on which an office's users change their password and that of the
// operators.
type OwnPassword struct {
	Path, Strength string // of the page, and where the strength is asked
	Home           string // where it leads afterwards
	Accounts       interface {
		PasswordRules(ctx context.Context, officeID, userID int64) (account.PasswordFor, error)
		ChangePassword(ctx context.Context, user account.User, sessionID int64, present, password string,
			from account.Origin) error
	}
	Sessions interface {
		ProvePassword(ctx context.Context, sess session.Session) (session.Token, error)
	}
}

// passwordProblems are the sentences beside the fields of the page, "" for none.
type passwordProblems struct{ present, password, again string }

// OwnPasswordStrength says in words how good a password is while it is typed.
func (w *Web) OwnPasswordStrength(c echo.Context, page OwnPassword) error {
	rules, err := page.rules(c)
	if err != nil {
		return err
	}
	return w.ShowStrength(c, rules)
}

func (p OwnPassword) rules(c echo.Context) (account.PasswordFor, error) {
	user := CurrentSession(c).User
	return p.Accounts.PasswordRules(c.Request().Context(), user.OfficeID, user.ID)
}

// OwnPasswordPage shows the page.
func (w *Web) OwnPasswordPage(c echo.Context, page OwnPassword) error {
	return w.showOwnPassword(c, page, passwordProblems{})
}

func (w *Web) showOwnPassword(c echo.Context, page OwnPassword, problem passwordProblems) error {
	sess := CurrentSession(c)
	rules, err := page.rules(c)
	if err != nil {
		return err
	}
	if problem.again != "" { // all that is wrong is told at once
		problem.password = w.RefusalOf(c, c.FormValue("password"), rules)
	}
	view := templates.PasswordView{
		Heading: w.T(c, "password.title"), Lead: w.T(c, "password.lead"), Action: page.Path, Strength: page.Strength,
		Username: sess.User.Username, AskCurrent: true,
		CurrentError: problem.present, Error: problem.password, RepeatError: problem.again,
		Hint: w.T(c, "password.hint", "Least", rules.Least()), Save: w.T(c, "password.save"),
		Back: &templates.Link{URL: page.Home, Text: w.T(c, "cancel")},
	}
	if sess.PasswordTooShort {
		view.Lead, view.Back, view.LogOut = w.T(c, "password.lead_short", "Office", sess.OfficeName, "Least",
			rules.Least()), nil, true
	}
	return Page(c, StatusOf(view), templates.Password, w.Layout(c, view.Heading, page.Path), view)
}

// ChangeOwnPassword takes the present password and a new one: every other session of the user ends with it.
func (w *Web) ChangeOwnPassword(c echo.Context, page OwnPassword) error {
	ctx, sess, password := c.Request().Context(), CurrentSession(c), c.FormValue("password")
	if typed.Password(password) != typed.Password(c.FormValue("again")) {
		return w.showOwnPassword(c, page, passwordProblems{again: w.T(c, "password.differ")})
	}
	err := page.Accounts.ChangePassword(ctx, sess.User, sess.ID, c.FormValue("present"), password, w.PasswordOrigin(c))
	var refusal *account.Refusal
	var delay *account.Delay
	switch {
	case errors.As(err, &refusal):
		return w.showOwnPassword(c, page, passwordProblems{password: w.PasswordRefusal(c, refusal)})
	case errors.Is(err, account.ErrWrong):
		return w.showOwnPassword(c, page, passwordProblems{present: w.T(c, "confirm.wrong_password")})
	case errors.As(err, &delay):
		return w.showOwnPassword(c, page, passwordProblems{present: w.N(c, "login.delay", int(delay.Wait.Seconds()))})
	case err != nil:
		return err
	}
	token, err := page.Sessions.ProvePassword(ctx, sess)
	if err != nil {
		return err
	}
	w.SetSession(c, token)
	return w.Tell(c, page.Home, "password_changed")
}
