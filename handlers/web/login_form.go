package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
)

// LoginForm is what differs between the log-in of an office's users and that of the operators.
type LoginForm struct {
	Path      string // of its page, where it is sent to
	Operators bool   // it asks for no office, and for the app's code at once
	// Keys of the catalogue: what the page says, and what is said to a wrong name or password.
	Title, Lead, Wrong string
	// Begin begins the session of whoever may log in, and returns where that leads.
	Begin func(echo.Context, account.Attempt, session.Client) (token session.Token, next string, err error)
	// Ask returns what the browser is asked with where a passkey is the whole log-in somewhere.
	Ask func(echo.Context) (question string, offered bool, err error)
	// Enter hands the browser its session, and leads it on.
	Enter func(c echo.Context, token session.Token, client session.Client, next string) error
}

// LoginPage shows the form, and says what became of the session before.
func (w *Web) LoginPage(c echo.Context, form LoginForm) error {
	w.KnowBrowser(c)
	view := templates.LoginView{}
	if !form.Operators {
		view.Office, view.Username = w.lastLogin(c)
	}
	why, limit, _ := strings.Cut(w.Told(c), "-")
	switch n, err := strconv.Atoi(limit); session.Why(why) {
	case session.WhyExhausted:
		view.Error = w.T(c, "login.exhausted")
	case session.WhyOver, session.WhyOtherTab, session.WhyEnded, session.WhyReset, "stopped":
		view.Notice = w.T(c, "login."+why)
	case session.WhyIdle, session.WhyLimit:
		if err == nil {
			view.Notice = w.N(c, "login."+why, n)
		}
	case "password":
		if !form.Operators {
			view.Notice = w.T(c, "login.password_set")
		}
	case "out":
		view.Notice = w.T(c, "login.logged_out")
	}
	return w.ShowLogin(c, http.StatusOK, form, view)
}

// ShowLogin shows the form with what was typed and what is said about it.
func (w *Web) ShowLogin(c echo.Context, status int, form LoginForm, view templates.LoginView) error {
	view.Heading, view.Lead = w.T(c, form.Title), w.T(c, form.Lead)
	view.Action, view.Operators = form.Path, form.Operators
	if !form.Operators {
		var err error
		if view.Question, view.Alone, err = form.Ask(c); err != nil {
			return err
		}
	}
	if last, _ := w.lastLogin(c); !form.Operators {
		view.Kept = last != "" && view.Office == last && view.OfficeError == ""
	}
	return Page(c, status, templates.Login, w.Layout(c, view.Heading, form.Path), view)
}

// lastLogin returns the office code and the username of this browser's last log-in.
func (w *Web) lastLogin(c echo.Context) (office, username string) {
	last, err := url.ParseQuery(w.Cookie(c, CookieLogin))
	if err != nil {
		return "", ""
	}
	return last.Get("office"), last.Get("username")
}

// RememberLogin has the log-in page of this browser say whose log-in is next: of who has just logged in, or has set
// their password with a link.
func (w *Web) RememberLogin(c echo.Context, office, username string) {
	last := url.Values{"office": {office}, "username": {username}}
	w.SetCookie(c, CookieLogin, last.Encode(), YearSeconds)
}

// LogIn takes the form.
func (w *Web) LogIn(c echo.Context, form LoginForm) error {
	view := templates.LoginView{Username: c.FormValue("username")}
	if !form.Operators {
		view.Office = c.FormValue("office")
	}
	password := c.FormValue("password")
	if !form.Operators {
		view.OfficeError = w.Missing(c, view.Office, "login.enter_office")
	}
	view.UsernameError = w.Missing(c, view.Username, "login.enter_username")
	view.PasswordError = w.Missing(c, password, "login.enter_password")
	if view.OfficeError+view.UsernameError+view.PasswordError != "" {
		return w.ShowLogin(c, http.StatusUnprocessableEntity, form, view)
	}
	if w.KeepsNoCookies(c) {
		view.Error = w.T(c, "login.no_cookies")
		return w.ShowLogin(c, http.StatusUnprocessableEntity, form, view)
	}
	client := w.SigningInClient(c)
	token, next, err := form.Begin(c, account.Attempt{
		OfficeCode: view.Office, Username: view.Username, Password: password, Browser: client.Browser,
		Address: client.Address,
	}, client)
	if err == nil {
		if !form.Operators {
			w.RememberLogin(c, view.Office, view.Username)
		}
		return form.Enter(c, token, client, next)
	}
	problem, status, err := w.SignInProblem(c, err, w.T(c, form.Wrong))
	if err != nil {
		return err
	}
	view.Error = problem
	return w.ShowLogin(c, status, form, view)
}

// Missing returns the sentence of a key for a field that was left empty, else "".
func (w *Web) Missing(c echo.Context, typed, id string) string {
	if typed != "" {
		return ""
	}
	return w.T(c, id)
}
