package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
)

// group is routes behind the same guards. Unlike echo's it takes whole paths, as package paths spells them.
type group struct {
	echo   *echo.Echo
	guards []echo.MiddlewareFunc
}

// with returns a group behind these guards and more.
func (g group) with(guards ...echo.MiddlewareFunc) group {
	return group{g.echo, slices.Concat(g.guards, guards)}
}

// behind returns a group with guards before its own.
func (g group) behind(guards ...echo.MiddlewareFunc) group {
	return group{g.echo, slices.Concat(guards, g.guards)}
}

func (g group) get(path string, h echo.HandlerFunc)  { g.echo.GET(path, h, g.guards...) }
func (g group) post(path string, h echo.HandlerFunc) { g.echo.POST(path, h, g.guards...) }

// page is a form: it is shown by get and taken by post.
func (g group) page(path string, get, post echo.HandlerFunc) {
	g.get(path, get)
	g.post(path, post)
}

// all takes every method.
func (g group) all(path string, h echo.HandlerFunc) { g.echo.Any(path, h, g.guards...) }

// unknown guards addresses below path that no route has: a visitor learns that they do not exist when they may enter.
func (g group) unknown(path string) {
	for _, pattern := range []string{path, path + "/*"} {
		g.echo.RouteNotFound(pattern, notFound, slices.Concat([]echo.MiddlewareFunc{web.Unmatched}, g.guards)...)
	}
}

func notFound(echo.Context) error { return echo.NewHTTPError(http.StatusNotFound) }
