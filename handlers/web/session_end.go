package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
)

// A session that ends is not the end of what its user was doing: its pages warn before it, the log-in says why it
// ended, and leads back to the page.

// headerLeft tells a page's script how many seconds the session lives, 0 where there is none, and headerLast that
// nothing prolongs that.
const (
	headerLeft = "Session-Left"
	headerLast = "Session-Last"

	// returnSeconds is how long the log-in leads back: as long as a pending one lives, and a while at the form.
	returnSeconds = 30 * 60
)

// toLogin leads a request without a session to a log-in, and remembers the page for afterwards. With a cookie of a
// session that is over, the log-in page says so, and why: what a page asks by itself may come before the answer to the
// last of five wrong codes.
func (w *Web) toLogin(c echo.Context, login string) error {
	cookie := w.Cookie(c, CookieSession)
	if cookie == "" {
		w.returnTo(c, 0, login)
		return w.Redirect(c, login)
	}
	ending, err := w.sessions.Ending(c.Request().Context(), session.Token(cookie))
	if err != nil {
		return err
	}
	w.returnTo(c, ending.UserID, login)
	word := string(ending.Why)
	if ending.Limit != 0 {
		word += "-" + strconv.Itoa(ending.Limit)
	}
	return w.Tell(c, login, word)
}

// returnTo remembers the page that was asked for, or that a form or fragment stands on, in a cookie: its path alone,
// for that user where one is known. Only pages behind this very log-in are remembered.
func (w *Web) returnTo(c echo.Context, userID int64, login string) {
	r := c.Request()
	var page string
	switch {
	case WantsFragment(r):
		page = ownPage(w.Origin, r.Header.Get("HX-Current-URL"))
	case r.Method == http.MethodGet:
		page = r.URL.Path
	default:
		page = ownPage(w.Origin, r.Referer())
	}
	if page = SafePath(page, ""); page != "" && behind(page, login) {
		w.SetCookie(c, CookieReturn, fmt.Sprintf("%d:%s", userID, page), returnSeconds)
	}
}

// ReturnTo has the log-in of an office's user lead to a page of theirs afterwards.
func (w *Web) ReturnTo(c echo.Context, page string) {
	if page = SafePath(page, ""); page != "" && behind(page, paths.Login) {
		w.SetCookie(c, CookieReturn, "0:"+page, returnSeconds)
	}
}

// OwnPage returns the path of an address of ours that a log-in may lead to, or "".
func (w *Web) OwnPage(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != w.Origin.Scheme || u.Host != w.Origin.Host {
		return ""
	}
	if page := SafePath(u.Path, ""); behind(page, paths.Login) {
		return page
	}
	return ""
}

// behind reports whether a page is for those who come in by this log-in.
func behind(page, login string) bool {
	if login == paths.OperatorLogin {
		return page == paths.Operator || strings.HasPrefix(page, paths.Operator+"/") && !strings.HasPrefix(page, login)
	}
	return strings.HasPrefix(page, paths.Settings+"/") || page == paths.DoorVisit ||
		strings.HasPrefix(page, strings.TrimSuffix(paths.OAuthContinue, ":handle"))
}

// ownPage returns the path of an address of ours, or "".
func ownPage(origin *url.URL, address string) string {
	page, err := url.Parse(address)
	if err != nil || page.Host != origin.Host {
		return ""
	}
	return page.Path
}

// Home leads whoever has just completed a log-in to the page that they had asked for before it, or to the first one.
func (w *Web) Home(c echo.Context, userID int64, first string) error {
	page, back := w.returnPage(c, userID, first)
	if page == "" && first == paths.Me {
		return w.firstPage(c)
	}
	if page == "" {
		page = first
	}
	if back {
		return w.Tell(c, page, "back")
	}
	return w.Redirect(c, page)
}

// firstPage leads to what a user of an office opens their applications with: right after a log-in to the only one, if
// they want that; to My settings when there is none. A superuser who logs in where a date was set is led to who is not
// ready, while somebody is not.
func (w *Web) firstPage(c echo.Context) error {
	ctx, sess := c.Request().Context(), CurrentSession(c)
	arrived := w.Cookie(c, CookieArrived) != ""
	if arrived {
		w.SetCookie(c, CookieArrived, "", -1)
	}
	if arrived && sess.User.Role.ManagesOffice() && !sess.Limited {
		leads, err := w.rollouts.Leads(ctx, sess.User.OfficeID)
		if err != nil {
			return err
		}
		if leads {
			return w.Redirect(c, paths.OfficeRollout)
		}
	}
	all, err := w.Openable(c)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return w.Redirect(c, paths.Me)
	}
	if len(all) > 1 || !arrived {
		return w.Redirect(c, paths.Applications)
	}
	straight, err := w.applications.OpensOnly(ctx, sess.User.ID)
	if err != nil {
		return err
	}
	if !straight {
		return w.Redirect(c, paths.Applications)
	}
	return w.Redirect(c, paths.ApplicationOnly)
}

// returnPage returns where a log-in leads, or "", and forgets it. back reports whether its user was there when the
// session before it ended.
func (w *Web) returnPage(c echo.Context, userID int64, first string) (page string, back bool) {
	user, page, _ := strings.Cut(w.Cookie(c, CookieReturn), ":")
	if page == "" {
		return "", false
	}
	w.SetCookie(c, CookieReturn, "", -1)
	login := paths.Login
	if first == paths.Operator {
		login = paths.OperatorLogin
	}
	whose, err := strconv.ParseInt(user, 10, 64)
	if err != nil || whose != 0 && whose != userID || SafePath(page, "") == "" || !behind(page, login) {
		return "", false
	}
	return page, whose != 0
}

// sessionView is what a page knows of the end of its session; nil without one, and for a pending log-in.
func (w *Web) sessionView(c echo.Context) *templates.SessionView {
	sess, ok := CurrentSessionOK(c)
	if !ok || sess.Pending() {
		return nil
	}
	left, last := sess.Left()
	return &templates.SessionView{
		Left: max(0, int(left.Seconds())), Last: last, Ends: sess.Now.Add(left), UserID: sess.User.ID,
	}
}

// SessionLeft tells a page's script how long its session lives. Asking keeps none alive.
func (w *Web) SessionLeft(c echo.Context) error {
	left := 0
	if sess, ok := CurrentSessionOK(c); ok && !sess.Pending() {
		life, last := sess.Left()
		left = max(1, int(life.Seconds()))
		if last {
			c.Response().Header().Set(headerLast, "yes")
		}
	}
	c.Response().Header().Set(headerLeft, strconv.Itoa(left))
	return c.NoContent(http.StatusNoContent)
}

// Stay is for somebody who is still there: it counts as a request, and the session does not end for want of one.
func (w *Web) Stay(c echo.Context) error {
	sess, ok := CurrentSessionOK(c)
	if ok && !sess.Pending() {
		// Within the minute of the last touch nothing is written, and nothing is lost.
		if err := w.sessions.Touch(c.Request().Context(), sess); err != nil {
			return err
		}
		if sess.ToTouch {
			sess.SeenAt = sess.Now
		}
		c.Set(keySession, sess)
	}
	if WantsFragment(c.Request()) {
		return w.SessionLeft(c)
	}
	if !ok || sess.Pending() {
		return w.Redirect(c, paths.Start)
	}
	left, _ := sess.Left()
	view := templates.StayView{Ends: sess.Now.Add(left)}
	return Page(c, http.StatusOK, templates.Stay, w.Layout(c, w.T(c, "session.stay_title"), paths.Start), view)
}
