package account

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/account"
)

func (s *Screens) ToSettings(c echo.Context) error { return s.Redirect(c, paths.Me) }

// SettingsPage is the user's own settings.
func (s *Screens) SettingsPage(c echo.Context) error { return s.showMe(c, "") }

func (s *Screens) showMe(c echo.Context, problem string) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	methods, err := s.factors.Enrolled(ctx, sess.User.ID)
	if err != nil {
		return err
	}
	sessions, err := s.sessions.List(ctx, sess)
	if err != nil {
		return err
	}
	view := pages.MeView{
		Username: sess.User.Username, TwoFactor: sess.TwoFactorRequired, Factors: s.FactorRows(c, methods, true),
		Error: problem,
	}
	if view.SSO, view.SSOAt, view.SSOWaiting, err = s.mySSO(c); err != nil {
		return err
	}
	for _, e := range sessions {
		name, isPhone := s.browserName(c, e.UserAgent)
		view.Sessions = append(view.Sessions, pages.SessionRow{
			ID: e.ID, Name: name, Phone: isPhone, Address: e.Address, Current: e.ID == sess.ID, LastSeen: e.LastSeenAt,
		})
	}
	f, err := s.AppLayout(c, s.T(c, "me.title"), paths.Me, templates.SectionMe)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusFor(problem), pages.Me, f, view)
}

// browserName says what a User-Agent header most likely is, for the list of sessions.
func (s *Screens) browserName(c echo.Context, agent string) (name string, isPhone bool) {
	browser, system := session.Browser(agent)
	if browser == "" {
		return s.T(c, "browser.unknown"), false
	}
	return s.T(c, "browser.on", "Browser", browser, "System", system), system == "iPhone" || system == "Android"
}

func (s *Screens) SeeMyNotices(c echo.Context) error { return s.SeeNotices(c, paths.Me) }
