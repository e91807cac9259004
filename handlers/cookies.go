package handlers

import (
	"crypto/sha256"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/session"
)

// The cookies. Each stands under the __Host- prefix: only our own origin, over a secure connection, can set it.
const (
	cookieSession  = "nightlatch"
	cookieBrowser  = "nightlatch-browser"  // which browser this is: known ones have their own budget of tries
	cookieLanguage = "nightlatch-language" //
	cookieSSO      = "nightlatch-sso"      // one sign-in at a provider, or one link to be made: see federation.Begin
	hostPrefix     = "__Host-"

	yearSeconds = 365 * 24 * 60 * 60
)

// plain reports whether this browser needs cookies without Secure: only on http://localhost, where the
// origin is loopback, and only when it did not bring back the secure one that the log-in page set.
func (s *Site) plain(c echo.Context) bool {
	if s.url.Scheme == "https" {
		return false
	}
	_, err := c.Cookie(hostPrefix + cookieBrowser)
	return err != nil
}

func (s *Site) cookie(c echo.Context, name string) string {
	if found, err := c.Cookie(hostPrefix + name); err == nil {
		return found.Value
	}
	if s.url.Scheme == "https" {
		return ""
	}
	if found, err := c.Cookie(name); err == nil {
		return found.Value
	}
	return ""
}

func (s *Site) setCookie(c echo.Context, name, value string, maxAge int) {
	s.writeCookie(c, name, value, maxAge, s.plain(c))
}

func (s *Site) writeCookie(c echo.Context, name, value string, maxAge int, plain bool) {
	cookie := &http.Cookie{ // #nosec G124 -- Secure, but for the plain form on loopback below
		Name: hostPrefix + name, Value: value, Path: "/", MaxAge: maxAge, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if plain {
		cookie.Name, cookie.Secure = name, false
	}
	c.SetCookie(cookie)
}

// setSession hands the browser its session's new token.
func (s *Site) setSession(c echo.Context, token session.Token) {
	if token != "" {
		s.setCookie(c, cookieSession, string(token), 0)
	}
}

func (s *Site) dropSession(c echo.Context) { s.setCookie(c, cookieSession, "", -1) }

// knowBrowser gives a browser without a cookie of its own one.
func (s *Site) knowBrowser(c echo.Context) {
	if s.cookie(c, cookieBrowser) == "" {
		// Always the secure form first: whether it comes back tells what this browser takes.
		s.writeCookie(c, cookieBrowser, string(session.NewToken()), yearSeconds, false)
	}
}

// client is the browser a request comes from.
func (s *Site) client(c echo.Context) session.Client {
	client := session.Client{Address: c.RealIP(), UserAgent: c.Request().UserAgent(), Language: s.lang(c)}
	if browser := s.cookie(c, cookieBrowser); browser != "" {
		sum := sha256.Sum256([]byte(browser))
		client.Browser = sum[:]
	}
	return client
}
