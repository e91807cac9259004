package web

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
)

// SessionList returns a user's sessions for the list in which they end others than the present one.
func (w *Web) SessionList(c echo.Context, sessions []session.Entry) templates.SessionList {
	present := CurrentSession(c)
	end, others := paths.SessionEnd, paths.SessionEndOthers
	if present.User.IsOperator() {
		end, others = paths.OperatorSessionEnd, paths.OperatorSessionEndOthers
	}
	rows := make([]templates.SessionRow, len(sessions))
	for i, e := range sessions {
		name, isPhone := w.BrowserName(c, e.UserAgent)
		rows[i] = templates.SessionRow{
			Name: name, Phone: isPhone, Address: e.Address, Current: e.ID == present.ID, LastSeen: e.LastSeenAt,
			EndURL: paths.To(end, e.ID),
		}
	}
	return templates.SessionList{Rows: rows, EndOthersURL: others}
}

// BrowserName says what a User-Agent header most likely is, for the list of sessions.
func (w *Web) BrowserName(c echo.Context, agent string) (name string, isPhone bool) {
	browser, system := session.Browser(agent)
	if browser == "" {
		return w.T(c, "browser.unknown"), false
	}
	return w.T(c, "browser.on", "Browser", browser, "System", system), system == "iPhone" || system == "Android"
}

// EndOwnSession ends the session of the address, another one of the user's own, and leads back to home.
func (w *Web) EndOwnSession(c echo.Context, home string) error {
	id, err := IDParam(c)
	if err != nil {
		return err
	}
	err = w.sessions.EndOne(c.Request().Context(), CurrentSession(c), id, w.Client(c))
	if errors.Is(err, session.ErrNone) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	return w.Tell(c, home, "session_ended")
}

// EndOtherOwnSessions ends all of the user's own sessions but this one, and leads back to home.
func (w *Web) EndOtherOwnSessions(c echo.Context, home string) error {
	if err := w.sessions.EndOthers(c.Request().Context(), CurrentSession(c), w.Client(c)); err != nil {
		return err
	}
	return w.Tell(c, home, "sessions_ended")
}
