package web

import (
	"crypto/rand"
	"encoding/base32"
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	keyRequest   = "request"
	keyQuiet     = "quiet"
	keyUnmatched = "unmatched"
)

// AssignRequestID gives a request the id by which its lines in the log and its error page are found.
func (w *Web) AssignRequestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		raw := make([]byte, 10)
		_, _ = rand.Read(raw)
		c.Set(keyRequest, base32.StdEncoding.EncodeToString(raw)[:12])
		return next(c)
	}
}

// RequestID returns the id of a request.
func RequestID(c echo.Context) string {
	id, _ := c.Get(keyRequest).(string)
	return id
}

// Quiet is for routes that are asked again and again without a person: their requests are logged at debug level.
func Quiet(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(keyQuiet, true)
		return next(c)
	}
}

// Unmatched is for routes that match whatever a stranger asks for: the meter counts them under one name.
func Unmatched(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(keyUnmatched, true)
		return next(c)
	}
}

// LogRequests writes a line for each request: the user, the office, the route, the outcome. Paths hold ids alone.
func (w *Web) LogRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		level := slog.LevelInfo
		if c.Get(keyQuiet) != nil {
			level = slog.LevelDebug
		}
		attrs := []slog.Attr{
			slog.String("request", RequestID(c)), slog.String("method", c.Request().Method),
			slog.String("route", c.Path()), slog.Int("status", c.Response().Status),
			slog.Duration("took", time.Since(began).Round(time.Microsecond)), slog.String("address", c.RealIP()),
		}
		if sess, ok := CurrentSessionOK(c); ok {
			attrs = append(attrs, slog.Int64("office", sess.User.OfficeID), slog.Int64("user", sess.User.ID),
				slog.Int("level", sess.Level))
		}
		w.Logger.LogAttrs(c.Request().Context(), level, "request", attrs...)
		return nil
	}
}

// RequestMeter counts requests; package metrics does it for Prometheus.
type RequestMeter interface {
	// Request counts a request that was answered. route is the pattern it matched, "" when it matched none:
	// an address that a stranger made up is no new label.
	Request(route, method string, status int, took time.Duration)
}

// CountRequests stands outside of everything: it sees the status that was sent, an error's included.
func (w *Web) CountRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		err := next(c)
		route := c.Path()
		if c.Get(keyUnmatched) != nil {
			route = ""
		}
		w.meter.Request(route, c.Request().Method, c.Response().Status, time.Since(began))
		return err
	}
}
