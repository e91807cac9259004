package account

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/account"
)

func (s *Screens) ToSettings(c echo.Context) error { return s.Redirect(c, paths.Me) }

// SettingsPage is the user's own settings.
func (s *Screens) SettingsPage(c echo.Context) error { return s.showMe(c, "") }

func (s *Screens) showMe(c echo.Context, problem string) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	methods := sess.Factors
	sessions, err := s.sessions.List(ctx, sess)
	if err != nil {
		return err
	}
	view := pages.MeView{
		Username: sess.User.Username, TwoFactor: sess.TwoFactorRequired || sess.Limited, // as in the office
		Factors: s.FactorRows(c, methods, true), Error: problem,
	}
	if view.SSO, view.SSOAt, view.SSOWaiting, err = s.mySSO(c); err != nil {
		return err
	}
	profile, err := s.accounts.Profile(ctx, sess.User.OfficeID, sess.User.ID)
	if err != nil {
		return err
	}
	view.Email = profile.Email
	if view.Applications, err = s.myApplications(c); err != nil {
		return err
	}
	if view.Trusted, err = s.trustedRows(c); err != nil {
		return err
	}
	view.Sessions = s.SessionList(c, sessions)
	f, err := s.AppLayout(c, s.T(c, "me.title"), paths.Me, templates.SectionMe)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusFor(problem), pages.Me, f, view)
}

func (s *Screens) SeeMyNotices(c echo.Context) error { return s.SeeNotices(c, paths.Me) }
