package door

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/door"
	"github.com/nightlatch/nightlatch/internal/doorcheck"
	"github.com/nightlatch/nightlatch/internal/session"
	templates "github.com/nightlatch/nightlatch/templates/door"
)

// What is on an application's own host, whose proxy leads /.nightlatch/ here.

// stateSeconds is how long a log-in that began at a host may take.
const stateSeconds = 60 * 60

// host returns the host that a browser asks, as it is registered.
func (s *Screens) host(c echo.Context) (string, door.Place, error) {
	host, ok := hostOf(c.Request().Host, strings.TrimSuffix(s.origin(c.Request().Host), "://"+c.Request().Host))
	if !ok {
		return "", door.Place{}, echo.ErrNotFound
	}
	place, err := s.doors.Place(c.Request().Context(), host)
	return host, place, err
}

// Start sends a browser to the portal, to come back with a ticket. What it carries from here is told to the portal as a
// hash: who has the ticket alone enters nothing.
func (s *Screens) Start(c echo.Context) error {
	host, _, err := s.host(c)
	if err != nil {
		return err
	}
	state := s.Cookie(c, web.CookieStart)
	if session.Token(state).Hash() == nil {
		state = string(session.NewToken())
	}
	s.SetCookie(c, web.CookieStart, state, stateSeconds)
	onward := url.Values{"host": {host}, "state": {hashed(state)}, "to": {target(wanted(c.Request().URL.RawQuery))}}
	return c.Redirect(http.StatusSeeOther, s.Origin.JoinPath(paths.DoorOpen).String()+"?"+onward.Encode())
}

// wanted reads the address that a proxy wrote behind "to=", which some cannot encode: all that follows belongs to it.
func wanted(query string) string {
	_, to, _ := strings.Cut("&"+query, "&to=")
	if strings.HasPrefix(to, "/") {
		return to
	}
	to, _ = url.QueryUnescape(to)
	return to
}

func hashed(state string) string {
	sum := sha256.Sum256([]byte(state))
	return hex.EncodeToString(sum[:])
}

// Enter takes the ticket that a browser brings from the portal.
func (s *Screens) Enter(c echo.Context) error {
	ctx := c.Request().Context()
	host, place, err := s.host(c)
	if err != nil {
		return err
	}
	to := target(c.QueryParam("to"))
	state := s.Cookie(c, web.CookieStart)
	var token session.Token
	var refusal application.Refusal
	err = door.ErrTicket
	if state != "" {
		sum := sha256.Sum256([]byte(state))
		token, refusal, err = s.doors.Enter(ctx, session.Token(c.QueryParam("ticket")), host, sum[:], s.Client(c))
	}
	switch {
	case errors.Is(err, door.ErrTicket):
		// Loaded again, or Back: whoever is in already goes on.
		if answer, err := s.doors.Check(ctx, s.hostToken(c), host); err == nil && answer.In {
			return c.Redirect(http.StatusSeeOther, to)
		}
		why := "ticket"
		if state == "" {
			why = "cookies"
		}
		return s.refuse(c, http.StatusForbidden, true, templates.RefusedView{
			Application: place.Name, Why: why, Back: paths.HostStart + "?to=" + to,
		})
	case err != nil:
		return err
	case refusal != application.Allowed:
		return s.refuse(c, http.StatusForbidden, true, templates.RefusedView{
			Application: place.Name, Why: string(refusal), Home: s.Origin.String(), Back: paths.HostStart + "?to=" + to,
		})
	}
	s.SetCookie(c, web.CookieApplication, string(token), 0)
	return c.Redirect(http.StatusSeeOther, to)
}

// SignOutPage signs out of an application whose own page links here. From elsewhere it asks first: no other site signs
// anybody out.
func (s *Screens) SignOutPage(c echo.Context) error {
	_, place, err := s.host(c)
	if err != nil {
		return err
	}
	if site := c.Request().Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return s.refuse(c, http.StatusOK, true, templates.RefusedView{
			Application: place.Name, Why: "sign_out", SignOut: paths.HostSignOut, Back: "/",
		})
	}
	return s.SignOut(c)
}

// SignOut ends a browser's session at a host. The portal's own goes on, and its page says so.
func (s *Screens) SignOut(c echo.Context) error {
	host, _, err := s.host(c)
	if err != nil {
		return err
	}
	if err := s.doors.Leave(c.Request().Context(), s.hostToken(c), host, s.Client(c)); err != nil {
		return err
	}
	s.SetCookie(c, web.CookieApplication, "", -1)
	return c.Redirect(http.StatusSeeOther, s.Origin.JoinPath(paths.DoorLeft).String()+"?host="+url.QueryEscape(host))
}

// OnHost answers errors on an application's host, where a page of the portal would find nothing that it needs.
func (s *Screens) OnHost(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		// Whether its subdomains are asked by https is not for us to say.
		c.Response().Header().Del("Strict-Transport-Security")
		s.tell(c, doorcheck.AtHost)
		err := next(c)
		var known *echo.HTTPError
		switch {
		case err == nil:
			return nil
		case isUnknown(err), errors.As(err, &known):
			return s.refuse(c, http.StatusNotFound, true, templates.RefusedView{Why: "unknown"})
		}
		s.Logger.ErrorContext(c.Request().Context(), "request failed", "request", web.RequestID(c), "route", c.Path(),
			"error", err)
		return s.refuse(c, http.StatusServiceUnavailable, true, templates.RefusedView{Why: "unavailable"})
	}
}

func isUnknown(err error) bool { return errors.Is(err, door.ErrUnknownHost) }
