package handlers

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
)

// requestLimit bounds what one request may wait for: a hash in its queue, a lock, a statement.
const requestLimit = 10 * time.Second

// policy: scripts, styles, images and requests of our own alone; nothing inline; never in a frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"

func (s *Site) requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		raw := make([]byte, 10)
		_, _ = rand.Read(raw)
		c.Set(keyRequest, base32.StdEncoding.EncodeToString(raw)[:12])
		return next(c)
	}
}

// HeadAsGet answers HEAD as GET. It stands before the router, which looks at the request it was first given; the server
// itself, which still knows of HEAD, leaves the body out.
func HeadAsGet(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			get := *r
			get.Method = http.MethodGet
			r = &get
		}
		site.ServeHTTP(w, r)
	})
}

// headers stand on every answer, errors included.
func (s *Site) headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		h.Set("X-Content-Type-Options", "nosniff")
		// no-referrer would make forms send "Origin: null", which the check of origins refuses.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
		h.Set("Cache-Control", "no-store") // but for files, whose handler says otherwise
		if !strings.HasPrefix(c.Request().URL.Path, "/static/") {
			h.Add("Vary", "HX-Request-Type, Accept-Language, Cookie")
		}
		return next(c)
	}
}

// refuseCrossOrigin is the whole CSRF guard, for every unsafe method, the log-in included. The
// hooks are for machines: no cookie counts there.
func (s *Site) refuseCrossOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if strings.HasPrefix(c.Path(), "/hooks/:token/") {
			return next(c)
		}
		if err := s.cross.Check(c.Request()); err != nil {
			return errCrossOrigin
		}
		return next(c)
	}
}

var errCrossOrigin = errors.New("cross-origin request")

// knownMethods refuses what no page of ours is asked with: TRACE above all, which a route for any method would take.
func knownMethods(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch c.Request().Method {
		case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
			return next(c)
		}
		return echo.ErrMethodNotAllowed
	}
}

func (s *Site) timeLimit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), requestLimit)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// recoverPanics makes a panic an error like any other: told to the operator, not to the user.
func (s *Site) recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				if r == any(http.ErrAbortHandler) { //nolint:errorlint // what was panicked with, not a chain
					panic(r)
				}
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}

// logRequests writes a line for each request: who, which office, what, the outcome. Paths hold ids alone.
func (s *Site) logRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		level := slog.LevelInfo
		if path := c.Path(); strings.HasPrefix(path, "/static") || strings.HasSuffix(path, "/message") || strings.HasSuffix(path, "/live") || strings.HasSuffix(path, "z") || strings.HasPrefix(path, "/demo/") || isJobsPoll(c.Request()) {
			level = slog.LevelDebug
		}
		attrs := []slog.Attr{
			slog.String("request", requestOf(c)), slog.String("method", c.Request().Method), slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status), slog.Duration("took", time.Since(began).Round(time.Microsecond)), slog.String("address", c.RealIP()),
		}
		if sess, ok := sessionOf(c); ok {
			attrs = append(attrs, slog.Int64("office", sess.User.OfficeID), slog.Int64("user", sess.User.ID), slog.Int("level", sess.Level))
		}
		s.logger.LogAttrs(c.Request().Context(), level, "request", attrs...)
		return nil
	}
}

const (
	keyRequest = "request"
	keySession = "session"
)

func requestOf(c echo.Context) string {
	id, _ := c.Get(keyRequest).(string)
	return id
}

// sessionOf answers the request's living session, if it has one.
func sessionOf(c echo.Context) (session.Session, bool) {
	sess, ok := c.Get(keySession).(session.Session)
	return sess, ok
}

// must is sessionOf behind needPending and needSignedIn.
func must(c echo.Context) session.Session {
	sess, ok := sessionOf(c)
	if !ok {
		panic("handler without a session guard")
	}
	return sess
}

// loadSession reads who asks, and what their office demands of them now. A database that does not answer
// is an error, never a request without a session.
func (s *Site) loadSession(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		token := s.cookie(c, cookieSession)
		if token == "" {
			return next(c)
		}
		sess, err := s.Sessions.Load(c.Request().Context(), session.Token(token))
		if errors.Is(err, session.ErrNone) {
			// The cookie stays: a parallel request may have renewed it a moment ago.
			return next(c)
		}
		if err != nil {
			return err
		}
		c.Set(keySession, sess)
		return next(c)
	}
}

// needPending lets a half-finished log-in through, and shows everybody else where they belong.
func (s *Site) needPending(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		sess, ok := sessionOf(c)
		switch {
		case !ok:
			return s.toLogin(c)
		case sess.User.IsOperator():
			return s.redirect(c, pathOperator)
		case !sess.Pending():
			return s.redirect(c, pathMe)
		}
		return next(c)
	}
}

// needSignedIn lets a session through that has proven all its office demands now.
func (s *Site) needSignedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		sess, ok := sessionOf(c)
		switch {
		case !ok:
			return s.toLogin(c)
		case sess.User.IsOperator():
			return s.redirect(c, pathOperator)
		case sess.Pending():
			return s.redirect(c, "/login/second-step")
		}
		if mustChangePassword(c, sess) {
			return s.redirect(c, pathPassword)
		}
		// The live line asks every second; it must not keep a session alive that nobody uses.
		if !strings.HasSuffix(c.Path(), "/message") {
			if err := s.Sessions.Touch(c.Request().Context(), sess); err != nil {
				return err
			}
		}
		return next(c)
	}
}

func (s *Site) needRole(role account.Role) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if sess, ok := sessionOf(c); !ok || sess.Pending() || !sess.User.Role.AtLeast(role) {
				return echo.ErrForbidden
			}
			return next(c)
		}
	}
}

// toLogin sends who has no session to the log-in; with a cookie of one that is over, it says so there.
func (s *Site) toLogin(c echo.Context) error {
	if s.cookie(c, cookieSession) != "" {
		return s.redirect(c, "/login?why=over")
	}
	return s.redirect(c, "/login")
}
