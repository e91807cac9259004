package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/poll"
	"github.com/nightlatch/nightlatch/internal/session"
)

// HeaderShown carries what a page that polls shows already.
const HeaderShown = "Shown"

const keyPoll = "poll"

// Polls remembers which pages show what is true.
type Polls interface {
	Look(token session.Token, asked string) (look poll.Look, quiet bool)
	Keep(look poll.Look, during time.Duration)
}

// FromMemory stands before a route that is polled, and before its guards: a page that is known to show what is true
// gets that answer, and nothing is asked of the database.
func (w *Web) FromMemory(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		shown := r.Header.Get(HeaderShown)
		if shown == "" {
			return next(c)
		}
		look, quiet := w.polls.Look(session.Token(w.Cookie(c, CookieSession)), shown+" "+r.URL.RequestURI())
		if quiet {
			return c.NoContent(http.StatusNoContent)
		}
		c.Set(keyPoll, look)
		return next(c)
	}
}

// Unchanged answers a page that shows what is true, and will for so long unless there is news.
func (w *Web) Unchanged(c echo.Context, during time.Duration) error {
	if look, ok := c.Get(keyPoll).(poll.Look); ok {
		w.polls.Keep(look, during)
	}
	return c.NoContent(http.StatusNoContent)
}
