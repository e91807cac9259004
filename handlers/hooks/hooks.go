// Package hooks takes what providers post. Its routes are for machines: no session, no cookie, no page, and no check of
// origins, which guards browsers. What guards here is a path that nobody can guess, and the signature.
package hooks

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/fault"
)

// Receiver takes what providers post: receipts of messages, and keys pressed in calls. Both check the provider's
// signature before they believe a word, and return fault.Forbidden when it is not the provider's, fault.Invalid for
// what cannot be read, fault.NotFound when nothing is set up, or an error of the database. The errors' texts are
// logged: they hold nothing of the request.
type Receiver interface {
	// Posters returns the names of the providers that may post, and of those that also post about single calls.
	Posters() (all, calls []string)
	// Receipt takes a receipt of a provider's message. One that is unknown or known already is no error.
	Receipt(ctx context.Context, provider string, header http.Header, body []byte) error
	// KeyPressed takes what is posted about one call, and returns what the call is to say next, nil for nothing.
	KeyPressed(ctx context.Context, provider, ref string, header http.Header, body []byte) (ncco []byte, err error)
}

// Limits of what is posted.
const (
	MaxBody  = 16 << 10               // bytes; a receipt has a few hundred
	AtOnce   = 8                      // in this process: a flood waits outside, not in the database
	TurnWait = 500 * time.Millisecond // for a turn; then the provider is asked to come again
)

// Screens are the routes of providers.
type Screens struct {
	*web.Web
	receiver Receiver
	tokens   func() []string // of the path, those that are taken now
	turns    chan struct{}
	byGet    *sync.Once // a provider that reports by GET is told of once
}

// New returns the Screens.
func New(w *web.Web, receiver Receiver, tokens func() []string) *Screens {
	return &Screens{w, receiver, tokens, make(chan struct{}, AtOnce), &sync.Once{}}
}

// RequireToken shows everybody without the token the page of an unknown address.
func (s *Screens) RequireToken(next echo.HandlerFunc) echo.HandlerFunc {
	unknown := s.LoadSession(func(echo.Context) error { return echo.ErrNotFound })
	return func(c echo.Context) error {
		found := 0
		for _, token := range s.tokens() {
			found |= subtle.ConstantTimeCompare([]byte(token), []byte(c.Param("token")))
		}
		if found != 1 {
			return unknown(c)
		}
		return next(c)
	}
}

// TakeTurn lets as many in at once as there are turns. The body is read outside: a slow sender holds none.
func (s *Screens) TakeTurn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
		if r.Method == http.MethodGet {
			s.byGet.Do(func() {
				s.Logger.WarnContext(r.Context(), "a provider reports by GET: set it to POST, since proxies log addresses, and "+
					"numbers stand in these", "route", c.Path())
			})
			// The same fields under the same signature, as a form would have them.
			body = []byte(r.URL.RawQuery)
			r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationForm)
		}
		switch {
		case err != nil:
			return c.NoContent(http.StatusBadRequest)
		case len(body) > MaxBody:
			return c.NoContent(http.StatusRequestEntityTooLarge)
		}
		c.Set(keyBody, body)
		timer := time.NewTimer(TurnWait)
		defer timer.Stop()
		select {
		case s.turns <- struct{}{}:
			defer func() { <-s.turns }()
			return next(c)
		case <-timer.C:
		case <-c.Request().Context().Done():
		}
		return comeAgain(c)
	}
}

const keyBody = "hook_body"

func comeAgain(c echo.Context) error {
	c.Response().Header().Set("Retry-After", "2")
	return c.NoContent(http.StatusServiceUnavailable)
}

// Receipt takes the receipts of one provider.
func (s *Screens) Receipt(provider string) echo.HandlerFunc {
	return func(c echo.Context) error {
		body, _ := c.Get(keyBody).([]byte)
		if err := s.receiver.Receipt(c.Request().Context(), provider, c.Request().Header, body); err != nil {
			return s.refuse(c, provider, err)
		}
		return c.NoContent(http.StatusNoContent)
	}
}

// KeyPressed takes what one provider posts about one call.
func (s *Screens) KeyPressed(provider string) echo.HandlerFunc {
	return func(c echo.Context) error {
		body, _ := c.Get(keyBody).([]byte)
		answer, err := s.receiver.KeyPressed(
			c.Request().Context(), provider, c.Param("ref"), c.Request().Header, body)
		switch {
		case err != nil:
			return s.refuse(c, provider, err)
		case answer == nil:
			return c.NoContent(http.StatusNoContent)
		}
		return c.JSONBlob(http.StatusOK, answer)
	}
}

// Posters returns the names of the providers that may post, and of those that also post about single calls.
func (s *Screens) Posters() (all, calls []string) { return s.receiver.Posters() }

// refuse responds to a machine, which repeats for a day what gets a 5xx: so a request that can never be taken gets a
// 4xx, and 503 means that the same one may work a little later.
func (s *Screens) refuse(c echo.Context, provider string, err error) error {
	ctx, about := c.Request().Context(), []any{"request", web.RequestID(c), "provider", provider, "error", err}
	switch {
	case errors.Is(err, fault.NotFound):
		return c.NoContent(http.StatusNotFound)
	case errors.Is(err, fault.Forbidden):
		s.Logger.WarnContext(ctx, "hook refused", append(about, "address", c.RealIP())...)
		return c.NoContent(http.StatusUnauthorized)
	case errors.Is(err, fault.Invalid):
		return c.NoContent(http.StatusBadRequest)
	case db.Unavailable(err), errors.Is(err, context.Canceled):
		s.Logger.WarnContext(ctx, "hook postponed", about...)
		return comeAgain(c)
	}
	s.Logger.ErrorContext(ctx, "hook failed", about...)
	return c.NoContent(http.StatusInternalServerError)
}
