package handlers

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db"
)

// Hooks takes what providers post: receipts of messages, and keys pressed in calls. Both check
// the provider's signature before they believe a word, and answer ErrHookRefused,
// ErrHookMalformed, ErrHookUnset, or an error of the database.
type Hooks interface {
	// Receipt takes a receipt of a provider's message. One that is unknown or known already is no error.
	Receipt(ctx context.Context, provider string, header http.Header, body []byte) error
	// KeyPressed takes what is posted about one call, and answers what the call is to say next, nil
	// for nothing.
	KeyPressed(ctx context.Context, ref string, header http.Header, body []byte) (ncco []byte, err error)
}

// What Hooks refuses. Their texts may be logged: they hold nothing of the request.
var (
	ErrHookRefused   = errors.New("not signed by the provider")
	ErrHookMalformed = errors.New("cannot be read")
	ErrHookUnset     = errors.New("not set up")
)

const (
	hookBody    = 16 << 10               // bytes; a receipt has a few hundred
	hooksAtOnce = 8                      // in this process: a flood waits outside, not in the database
	hookWait    = 500 * time.Millisecond // for a turn; then the provider is asked to come again
)

// hookRoutes are for machines: no session, no cookie, no page, and no check of origins, which
// guards browsers. What guards here is a path that nobody can guess, and the signature.
func (s *Site) hookRoutes(e *echo.Echo) {
	if s.Hooks == nil {
		return
	}
	turns := make(chan struct{}, hooksAtOnce)
	hooks := e.Group("/hooks/:token", s.needHookToken, oneOf(turns))
	hooks.POST("/vonage", s.receipt("vonage"))
	hooks.POST("/webhook", s.receipt("webhook"))
	hooks.POST("/voice", s.receipt("voice"))
	hooks.POST("/voice/:ref", s.keyPressed)
}

// needHookToken shows everybody without the token the page of an unknown address.
func (s *Site) needHookToken(next echo.HandlerFunc) echo.HandlerFunc {
	unknown := s.loadSession(func(echo.Context) error { return echo.ErrNotFound })
	return func(c echo.Context) error {
		found := 0
		for _, token := range s.HookTokens() {
			found |= subtle.ConstantTimeCompare([]byte(token), []byte(c.Param("token")))
		}
		if found != 1 {
			return unknown(c)
		}
		return next(c)
	}
}

// oneOf lets as many in as there are turns. The body is read outside: a slow sender holds none.
func oneOf(turns chan struct{}) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			body, err := io.ReadAll(io.LimitReader(c.Request().Body, hookBody+1))
			switch {
			case err != nil:
				return c.NoContent(http.StatusBadRequest)
			case len(body) > hookBody:
				return c.NoContent(http.StatusRequestEntityTooLarge)
			}
			c.Set(keyHookBody, body)
			timer := time.NewTimer(hookWait)
			defer timer.Stop()
			select {
			case turns <- struct{}{}:
				defer func() { <-turns }()
				return next(c)
			case <-timer.C:
			case <-c.Request().Context().Done():
			}
			return comeAgain(c)
		}
	}
}

const keyHookBody = "hook_body"

func comeAgain(c echo.Context) error {
	c.Response().Header().Set("Retry-After", "2")
	return c.NoContent(http.StatusServiceUnavailable)
}

func (s *Site) receipt(provider string) echo.HandlerFunc {
	return func(c echo.Context) error {
		body, _ := c.Get(keyHookBody).([]byte)
		if err := s.Hooks.Receipt(c.Request().Context(), provider, c.Request().Header, body); err != nil {
			return s.hookError(c, provider, err)
		}
		return c.NoContent(http.StatusNoContent)
	}
}

func (s *Site) keyPressed(c echo.Context) error {
	body, _ := c.Get(keyHookBody).([]byte)
	ncco, err := s.Hooks.KeyPressed(c.Request().Context(), c.Param("ref"), c.Request().Header, body)
	switch {
	case err != nil:
		return s.hookError(c, "voice", err)
	case ncco == nil:
		return c.NoContent(http.StatusNoContent)
	}
	return c.JSONBlob(http.StatusOK, ncco)
}

// hookError answers a machine, which repeats for a day what is answered with 5xx: so a request
// that can never be taken gets 4xx, and 503 means that the same one may work a little later.
func (s *Site) hookError(c echo.Context, provider string, err error) error {
	switch {
	case errors.Is(err, ErrHookUnset):
		return c.NoContent(http.StatusNotFound)
	case errors.Is(err, ErrHookRefused):
		s.logger.WarnContext(c.Request().Context(), "hook refused", "request", requestOf(c), "provider", provider, "address", c.RealIP(), "error", err)
		return c.NoContent(http.StatusUnauthorized)
	case errors.Is(err, ErrHookMalformed):
		return c.NoContent(http.StatusBadRequest)
	case db.Unavailable(err), errors.Is(err, context.Canceled):
		s.logger.WarnContext(c.Request().Context(), "hook postponed", "request", requestOf(c), "provider", provider, "error", err)
		return comeAgain(c)
	}
	s.logger.ErrorContext(c.Request().Context(), "hook failed", "request", requestOf(c), "provider", provider, "error", err)
	return c.NoContent(http.StatusInternalServerError)
}
