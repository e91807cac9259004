package web

import (
	"crypto/sha256"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/session"
)

// The cookies. Each stands under the __Host- prefix: only our own origin, over a secure connection, can set it.
const (
	CookieSession  = "nightlatch"
	CookieBrowser  = "nightlatch-browser"  // which browser this is: known ones have their own budget of tries
	CookieTrust    = "nightlatch-trust"    // secrets of the users who trust this browser
	CookieLanguage = "nightlatch-language" //
	CookieSSO      = "nightlatch-sso"      // one sign-in at a provider, or one link to be made: see federation.Begin
	CookieTold     = "nightlatch-told"     // a word that the next page tells, once
	CookieNumber   = "nightlatch-number"   // the number just registered, sealed, for the next page
	CookieZone     = "nightlatch-zone"     // the time zone of this browser, as app.js sets it
	CookieForm     = "nightlatch-form"     // the form that this browser posted, held for a step-up: see stepup.Store
	CookieReturn   = "nightlatch-return"   // the page that a log-in leads back to, and for whom: see Web.Home
	CookieArrived  = "nightlatch-arrived"  // a log-in has just begun here: it may lead straight on
	CookieWords    = "nightlatch-words"    // the words with which this browser asks for help, sealed: see package rescue
	CookieLogin    = "nightlatch-login"    // the office code and username of this browser's last log-in

	// On an application's own host.
	CookieApplication = "nightlatch-app"   // the browser's session there
	CookieStart       = "nightlatch-start" // what only this browser has, of a log-in that began there
	CookieVisit       = "nightlatch-visit" // at the portal: where such a log-in leads

	hostPrefix = "__Host-"

	YearSeconds = 365 * 24 * 60 * 60
)

// plain reports whether this browser needs cookies without Secure: only on http://localhost, where the
// origin is loopback, and only when it did not bring back the secure one that the log-in page set.
func (w *Web) plain(c echo.Context) bool {
	if w.Origin.Scheme == "https" {
		return false
	}
	_, err := c.Cookie(hostPrefix + CookieBrowser)
	return err != nil
}

// Cookie returns the value of the cookie of that name, or "".
func (w *Web) Cookie(c echo.Context, name string) string {
	if found, err := c.Cookie(hostPrefix + name); err == nil {
		return found.Value
	}
	if w.Origin.Scheme == "https" {
		return ""
	}
	if found, err := c.Cookie(name); err == nil {
		return found.Value
	}
	return ""
}

// SetCookie sets a cookie for maxAge seconds; 0 is for as long as the browser runs, less than 0 takes it away.
func (w *Web) SetCookie(c echo.Context, name, value string, maxAge int) {
	plain := w.plain(c)
	w.writeCookie(c, name, value, maxAge, plain)
	// A browser on loopback that brings back secure cookies now was given plain ones before anybody knew.
	if _, err := c.Cookie(name); err == nil && maxAge < 0 && !plain && w.Origin.Scheme != "https" {
		w.writeCookie(c, name, "", -1, true)
	}
}

func (w *Web) writeCookie(c echo.Context, name, value string, maxAge int, plain bool) {
	cookie := &http.Cookie{ // #nosec G124 -- Secure, but for the plain form on loopback below
		Name: hostPrefix + name, Value: value, Path: "/", MaxAge: maxAge, Secure: true, HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
	if plain {
		cookie.Name, cookie.Secure = name, false
	}
	c.SetCookie(cookie)
}

// SetSession hands the browser its session's new token.
func (w *Web) SetSession(c echo.Context, token session.Token) {
	if token != "" {
		c.Set(keyToken, token)
		w.SetCookie(c, CookieSession, string(token), 0)
	}
}

// DropSession takes the session's cookie away.
func (w *Web) DropSession(c echo.Context) { w.SetCookie(c, CookieSession, "", -1) }

// KnowBrowser gives a browser without a cookie of its own one.
func (w *Web) KnowBrowser(c echo.Context) {
	if w.Cookie(c, CookieBrowser) == "" {
		// Always the secure form first: whether it comes back tells what this browser takes.
		w.writeCookie(c, CookieBrowser, string(session.NewToken()), YearSeconds, false)
	}
}

// KeepsNoCookies reports whether a browser sends a log-in form and brings back no cookie of the page that it stood on:
// a session that began now would be lost with its code on the way. Browsers say that they go from page to page; a
// script does not, and may come without cookies. Whoever had lost them, and keeps them, can log in the next time.
func (w *Web) KeepsNoCookies(c echo.Context) bool {
	if c.Request().Header.Get("Sec-Fetch-Mode") != "navigate" || w.Cookie(c, CookieBrowser) != "" {
		return false
	}
	w.KnowBrowser(c)
	if w.Origin.Scheme != "https" { // it may be one that takes plain ones alone, on loopback
		w.writeCookie(c, CookieBrowser, string(session.NewToken()), YearSeconds, true)
	}
	return true
}

// Client is the browser a request comes from.
func (w *Web) Client(c echo.Context) session.Client {
	client := session.Client{
		Address: c.RealIP(), UserAgent: c.Request().UserAgent(), Language: w.Lang(c), Zone: w.zoneCookie(c),
	}
	for _, token := range w.trusts(c) {
		client.Trust = append(client.Trust, session.Token(token).Hash())
	}
	if browser := w.Cookie(c, CookieBrowser); browser != "" {
		sum := sha256.Sum256([]byte(browser))
		client.Browser = sum[:]
	}
	return client
}
