package office

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// twoFactorOf is the page as things stand, with what is wrong with a date.
func (s *Screens) twoFactorOf(c echo.Context, problem string) (pages.TwoFactorView, error) {
	sess := web.CurrentSession(c)
	set, err := s.offices.Rollout(c.Request().Context(), sess.User.OfficeID)
	return pages.TwoFactorView{
		Active: set.Active, MayChange: sess.User.Role.ManagesOffice(), Date: s.dateCard(c, set, problem),
		Trusted: trustedView(c), Invitations: invitationsView(c, set),
	}, err
}

// TwoFactorPage is Settings > Office > Two-factor authentication: how the office comes to demand two factors, and of
// whom. Its sections stand in templates of their own; the switch itself stays on General.
func (s *Screens) TwoFactorPage(c echo.Context) error {
	view, err := s.twoFactorOf(c, "")
	if err != nil {
		return err
	}
	return s.showTwoFactor(c, view)
}

// showTwoFactor shows the page, as it stands or with what is wrong in one of its sections.
func (s *Screens) showTwoFactor(c echo.Context, view pages.TwoFactorView) error {
	if err := s.fillStanding(c, &view); err != nil {
		return err
	}
	if err := errors.Join(s.fillRescue(c, &view), s.fillExempt(c, &view), s.fillPasskeys(c, &view),
		s.fillDates(c, &view)); err != nil {
		return err
	}
	f, err := s.AppLayout(c, s.T(c, "office.two_factor"), paths.OfficeTwoFactor, templates.SectionOffice)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusOf(view), pages.TwoFactor, f, view)
}

// fillStanding adds how far the office is, for a superuser.
func (s *Screens) fillStanding(c echo.Context, view *pages.TwoFactorView) error {
	sess := web.CurrentSession(c)
	if !sess.User.Role.ManagesOffice() {
		return nil
	}
	far, err := s.rollouts.Summary(c.Request().Context(), sess.User.OfficeID)
	view.Standing = &pages.StandingLine{Users: far.Users, Ready: far.Ready}
	return err
}
