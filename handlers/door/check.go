package door

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/door"
	"github.com/nightlatch/nightlatch/internal/doorcheck"
	"github.com/nightlatch/nightlatch/internal/session"
	templates "github.com/nightlatch/nightlatch/templates/door"
)

// checkLimit bounds what a check may wait for the database.
const checkLimit = 5 * time.Second

// AuthRequest answers nginx's auth_request: 200 with who is there, 401 or 403, never a redirect. What the visitor then
// sees, ForwardAuth says.
func (s *Screens) AuthRequest(c echo.Context) error {
	s.tell(c, doorcheck.AtAuthRequest)
	answer, _, err := s.judge(c)
	status := http.StatusOK
	switch {
	case err != nil:
		status = http.StatusServiceUnavailable
	case answer.Refusal != application.Allowed && !answer.Refusal.Mendable():
		status = http.StatusForbidden
	case !answer.In, answer.Refusal != application.Allowed:
		status = http.StatusUnauthorized
	}
	if status != http.StatusOK {
		web.SetHeaders(c.Response().Header())
	}
	answer.Headers.Set(c.Response().Header())
	s.meter.Door(status)
	return c.NoContent(status)
}

// ForwardAuth answers Caddy's forward_auth and Traefik's forwardAuth, whose visitors see the answer: 200 with who is
// there, 302 to the log-in for a page, 401 for what is no page, 403 for who may not enter.
func (s *Screens) ForwardAuth(c echo.Context) error {
	s.tell(c, doorcheck.AtForwardAuth)
	answer, a, err := s.judge(c)
	answer.Headers.Set(c.Response().Header())
	status, reply := s.reply(c, answer, a, err)
	s.meter.Door(status)
	return reply()
}

func (s *Screens) reply(c echo.Context, answer door.Answer, a asked, err error) (status int, reply func() error) {
	refuse := func(status int, view templates.RefusedView) (int, func() error) {
		return status, func() error { return s.refuse(c, status, a.page, view) }
	}
	switch {
	case err != nil:
		return refuse(http.StatusServiceUnavailable, templates.RefusedView{Why: "unavailable"})
	case answer.In && answer.Refusal == application.Allowed:
		if c.Request().Header.Get(headerRefused) == "" {
			return http.StatusOK, func() error { return c.NoContent(http.StatusOK) }
		}
		// nginx asks what to show to somebody who was out a moment ago, and is in by now.
		return refuse(http.StatusUnauthorized, templates.RefusedView{Why: "again", Back: a.uri})
	case answer.Refusal != application.Allowed && !answer.Refusal.Mendable():
		return refuse(http.StatusForbidden, templates.RefusedView{
			Application: answer.Name, Why: string(answer.Refusal), Home: s.Origin.String(),
		})
	case a.page && (a.method == http.MethodGet || a.method == http.MethodHead):
		return http.StatusFound, func() error {
			web.SetHeaders(c.Response().Header())
			return c.Redirect(http.StatusFound, s.origin(a.host)+paths.HostStart+"?to="+a.uri)
		}
	case a.page:
		return refuse(http.StatusUnauthorized, templates.RefusedView{Why: "unsaved", Back: a.uri})
	}
	return refuse(http.StatusUnauthorized, templates.RefusedView{Why: "out"})
}

// headerRefused is set by the configuration of a proxy that asked auth-request before, and was told no.
const headerRefused = "X-Nightlatch-Refused"

// malformed is the refusal of a request that can be read in two ways, or comes from nowhere.
const malformed application.Refusal = "malformed"

// judge reads what a proxy asks, and says who is there.
func (s *Screens) judge(c echo.Context) (door.Answer, asked, error) {
	r := c.Request()
	if !s.proxies.Named(r.RemoteAddr) {
		return s.malformed(c, errNotNamed), asked{}, nil
	}
	a, err := readAsked(r.Header)
	if err != nil {
		return s.malformed(c, err), a, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkLimit)
	defer cancel()
	answer, err := s.doors.Check(ctx, s.hostToken(c), a.host)
	if err == nil && !answer.In {
		// Nobody is there: whether anything is guarded under this host is asked before anybody is led to a log-in.
		var place door.Place
		if place, err = s.doors.Place(ctx, a.host); err == nil && place.Disabled {
			answer = door.Answer{Refusal: application.Disabled, Name: place.Name}
		}
		if isUnknown(err) {
			return s.malformed(c, err), a, nil
		}
	}
	if err != nil {
		s.Logger.ErrorContext(r.Context(), "a request to an application is not judged", "host", a.host, "error", err)
	}
	return answer, a, err
}

func (s *Screens) malformed(c echo.Context, why error) door.Answer {
	s.Logger.WarnContext(c.Request().Context(), "a request to an application is refused", "why", why.Error(),
		"proxy", c.Request().RemoteAddr)
	return door.Answer{Refusal: malformed}
}

// hostToken returns the token of a browser's session at the host that it asks.
func (s *Screens) hostToken(c echo.Context) session.Token {
	return session.Token(s.Cookie(c, web.CookieApplication))
}
