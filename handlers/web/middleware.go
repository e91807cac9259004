package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"
)

// requestLimit bounds what one request may wait for: a hash in its queue, a lock, a statement.
const requestLimit = 10 * time.Second

// PagePolicy allows scripts, styles, images and requests of our own alone; nothing inline; never in a frame.
const PagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"

// HeadAsGet serves HEAD as GET. It stands before the router, which looks at the request it was first given; the server
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

// Headers stand on every answer, errors included.
func (w *Web) Headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		SetHeaders(c.Response().Header())
		c.Response().Header().Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		return next(c)
	}
}

// SetHeaders sets what stands on every answer of ours, whoever's host it is for.
func SetHeaders(h http.Header) {
	h.Set("Content-Security-Policy", PagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	// no-referrer would make forms send "Origin: null", which the check of origins refuses.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
	h.Set("Cache-Control", "no-store") // but for files, whose handler says otherwise
}

// Vary is for pages: what they show depends on these headers of a request.
func Vary(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Add("Vary", "HX-Request-Type, Accept-Language, Cookie")
		return next(c)
	}
}

// RefuseCrossOrigin is the whole CSRF guard of browsers, for every unsafe method, the log-in included.
func (w *Web) RefuseCrossOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := w.cross.Check(c.Request()); err != nil {
			return errCrossOrigin
		}
		return next(c)
	}
}

var errCrossOrigin = errors.New("cross-origin request")

// KnownMethods refuses what no page of ours is asked with: TRACE above all, which a route for any method would take.
func KnownMethods(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		switch c.Request().Method {
		case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
			http.MethodOptions:
			return next(c)
		}
		return echo.ErrMethodNotAllowed
	}
}

// WatchProxies notes what is wrong with the proxies that a page is asked through. Machines go without: a load balancer
// that asks whether we live stands behind no proxy.
func (w *Web) WatchProxies(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		w.proxies.Look(c.Request())
		return next(c)
	}
}

// TimeLimit bounds what a request may wait for.
func (w *Web) TimeLimit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), requestLimit)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// RecoverPanics makes a panic an error like any other: told to the operator, not to the user.
func (w *Web) RecoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				if r == any(http.ErrAbortHandler) {
					panic(r)
				}
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}
