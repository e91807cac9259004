package handlers

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// RequestMeter counts requests; package metrics does it for Prometheus.
type RequestMeter interface {
	// Request counts a request that was answered. route is the pattern it matched, "" when it matched none:
	// whatever a stranger asks for is no new word.
	Request(route, method string, status int, took time.Duration)
}

// countRequests stands outside of everything: it sees the status that was sent, an error's included.
func (s *Site) countRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.Requests == nil {
			return next(c)
		}
		began := time.Now()
		err := next(c)
		route := c.Path()
		if strings.HasSuffix(route, "/*") && !strings.HasPrefix(route, "/static/") {
			route = ""
		}
		s.Requests.Request(route, c.Request().Method, c.Response().Status, time.Since(began))
		return err
	}
}
