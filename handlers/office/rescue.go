package office

import (
	"errors"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/rescue"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// fillRescue puts what the office decided about getting out of trouble on the page, for a superuser.
func (s *Screens) fillRescue(c echo.Context, view *pages.TwoFactorView) error {
	sess := web.CurrentSession(c)
	if view.Rescue != nil || !sess.User.Role.ManagesOffice() {
		return nil
	}
	is, err := s.rescue.SettingsOf(c.Request().Context(), sess.User.OfficeID)
	view.Rescue = &pages.RescueSection{Hours: strconv.Itoa(is.CoolingHours), TwoApprovers: is.TwoApprovers}
	return err
}

// SaveRescue saves it.
func (s *Screens) SaveRescue(c echo.Context) error {
	hours, err := strconv.Atoi(strings.TrimSpace(c.FormValue("hours")))
	if err != nil {
		hours = -1
	}
	to := rescue.Settings{CoolingHours: hours, TwoApprovers: c.FormValue("two_approvers") == "yes"}
	err = s.rescue.Set(c.Request().Context(), web.CurrentSession(c), s.Client(c), to)
	if errors.Is(err, rescue.ErrHours) {
		view, err := s.twoFactorOf(c, "")
		if err != nil {
			return err
		}
		view.Rescue = &pages.RescueSection{
			Hours: c.FormValue("hours"), TwoApprovers: to.TwoApprovers, HoursError: s.T(c, "rescue.bad_hours"),
		}
		return s.showTwoFactor(c, view)
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeTwoFactor, "saved")
}
