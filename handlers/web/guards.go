package web

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
)

const keySession = "session"

// CurrentSessionOK returns the request's living session, if it has one.
func CurrentSessionOK(c echo.Context) (session.Session, bool) {
	sess, ok := c.Get(keySession).(session.Session)
	return sess, ok
}

// CurrentSession returns the request's session. It panics on a route that no guard stands before.
func CurrentSession(c echo.Context) session.Session {
	sess, ok := CurrentSessionOK(c)
	if !ok {
		panic("handler without a session guard")
	}
	return sess
}

// LoadSession reads the session of a request, and what its office demands of it now. A database that does not answer
// is an error, never a request without a session.
func (w *Web) LoadSession(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		token := w.Cookie(c, CookieSession)
		if token == "" {
			return next(c)
		}
		sess, err := w.sessions.Load(c.Request().Context(), session.Token(token))
		if errors.Is(err, session.ErrNone) {
			// The cookie stays: a parallel request may have renewed it a moment ago.
			return next(c)
		}
		if err != nil {
			return err
		}
		sess.PasskeyOwed = sess.PasskeyOwed && w.factors.Offers(factor.Passkey)
		c.Set(keySession, sess)
		return next(c)
	}
}

// area is the pages of one sort of users: those of offices, or the operators.
type area struct {
	operators               bool
	login, secondStep, home string
}

func offices() area { return area{false, paths.Login, paths.SecondStep, paths.Me} }

func operators() area { return area{true, paths.OperatorLogin, paths.OperatorCode, paths.Operator} }

// RequirePending lets a pending log-in through, and leads everybody else to where they belong.
func (w *Web) RequirePending(next echo.HandlerFunc) echo.HandlerFunc {
	return w.enter(offices(), true, next)
}

// RequireSignedIn lets an office's user through whose session has proven all that the office demands now.
func (w *Web) RequireSignedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return w.enter(offices(), false, next)
}

// RequirePendingOperator lets an operator's pending log-in through.
func (w *Web) RequirePendingOperator(next echo.HandlerFunc) echo.HandlerFunc {
	return w.enter(operators(), true, next)
}

// RequireOperator lets an operator through who has proven both factors.
func (w *Web) RequireOperator(next echo.HandlerFunc) echo.HandlerFunc {
	return w.enter(operators(), false, next)
}

// enter lets a session through that is of this area, and pending or not. A user of an office learns no more at an
// operators' page than at an address that does not exist.
func (w *Web) enter(to area, pending bool, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		sess, ok := CurrentSessionOK(c)
		switch {
		case !ok:
			return w.toLogin(c, to.login)
		case sess.User.IsOperator() && !to.operators:
			return w.Redirect(c, paths.Operator)
		case !sess.User.IsOperator() && to.operators:
			return echo.ErrNotFound
		case sess.Pending() && !pending:
			return w.Redirect(c, to.secondStep)
		case !sess.Pending() && pending:
			return w.Redirect(c, to.home)
		case sess.Limited && !paths.OpenToPass(c.Path()):
			return session.ErrLimited
		}
		return next(c)
	}
}

// RequireWord leads who owes the word of a reset to its page, before anything is chosen.
func (w *Web) RequireWord(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if CurrentSession(c).WordOwed {
			return w.Redirect(c, paths.LoginWord)
		}
		return next(c)
	}
}

// RequirePassword leads a user whose password is too short to where it is changed, before anything else.
func (w *Web) RequirePassword(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if CurrentSession(c).PasswordTooShort {
			return w.Redirect(c, paths.Password)
		}
		return next(c)
	}
}

// RequirePasskey leads a superuser who must have a passkey, and has none, to where it is made, before anything else.
func (w *Web) RequirePasskey(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if CurrentSession(c).PasskeyOwed {
			return w.Redirect(c, paths.MyPasskeyNew)
		}
		return next(c)
	}
}

// RequireAccountant lets accountants and superusers through.
func (w *Web) RequireAccountant(next echo.HandlerFunc) echo.HandlerFunc {
	return requireRole(account.RoleAccountant, next)
}

// RequireSuperuser lets superusers through.
func (w *Web) RequireSuperuser(next echo.HandlerFunc) echo.HandlerFunc {
	return requireRole(account.RoleSuperuser, next)
}

func requireRole(role account.Role, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if sess, ok := CurrentSessionOK(c); !ok || sess.Pending() || !sess.User.Role.AtLeast(role) {
			return echo.ErrForbidden
		}
		return next(c)
	}
}

// Touch notes that the user was here. Routes that a page asks by itself go without: a session that nobody uses must
// not be kept alive by them.
func (w *Web) Touch(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		sess := CurrentSession(c)
		if err := w.sessions.Touch(c.Request().Context(), sess); err != nil {
			return err
		}
		if sess.ToTouch {
			sess.SeenAt = sess.Now
			c.Set(keySession, sess)
		}
		return next(c)
	}
}
