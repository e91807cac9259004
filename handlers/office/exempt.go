package office

import (
	"errors"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/office"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// fillExempt adds the section about who is spared, for a superuser.
func (s *Screens) fillExempt(c echo.Context, view *pages.TwoFactorView) error {
	sess := web.CurrentSession(c)
	if !sess.User.Role.ManagesOffice() {
		return nil
	}
	all, err := s.offices.Exemptions(c.Request().Context(), sess.User.OfficeID)
	if err != nil {
		return err
	}
	if view.Exempt == nil {
		view.Exempt = &pages.ExemptSection{}
	}
	view.Exempt.Choices = office.ExemptionDays()
	for _, e := range all {
		view.Exempt.All = append(view.Exempt.All, pages.Exemption{
			ID: e.ID, Username: e.Username, Name: e.Name, Reason: e.Reason, Until: e.Until, By: e.By,
		})
	}
	return nil
}

// Exempt spares a user the second factor for a while.
func (s *Screens) Exempt(c echo.Context) error {
	days, err := strconv.Atoi(c.FormValue("days"))
	if err != nil {
		return echo.ErrBadRequest // the form offers no such number
	}
	typed := &pages.ExemptSection{Username: c.FormValue("username"), Reason: c.FormValue("reason"), Days: days}
	err = s.offices.Exempt(c.Request().Context(), web.CurrentSession(c), s.Client(c), typed.Username, typed.Reason, days)
	switch {
	case err == nil:
		return s.Tell(c, paths.OfficeTwoFactor, "exempted")
	case errors.Is(err, account.ErrUnknown):
		typed.UsernameError = s.T(c, "exempt.unknown")
	case errors.Is(err, office.ErrSuperuser):
		typed.UsernameError = s.T(c, "exempt.superuser")
	case errors.Is(err, office.ErrNoReason):
		typed.ReasonError = s.T(c, "exempt.no_reason")
	default:
		return err
	}
	view, err := s.twoFactorOf(c, "")
	if err != nil {
		return err
	}
	view.Exempt = typed
	return s.showTwoFactor(c, view)
}

// EndExemption has the second factor demanded of a user again.
func (s *Screens) EndExemption(c echo.Context) error {
	id, _ := strconv.ParseInt(c.FormValue("exemption"), 10, 64) // 0 is nobody's
	err := s.offices.EndExemption(c.Request().Context(), web.CurrentSession(c), s.Client(c), id)
	if err != nil && !errors.Is(err, fault.NotFound) { // it has ended by itself meanwhile
		return err
	}
	return s.Tell(c, paths.OfficeTwoFactor, "exemption_ended")
}
