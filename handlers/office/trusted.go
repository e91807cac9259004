package office

import (
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// trustChoices are the days that the form offers, beside those that are set.
func trustChoices() []int { return []int{1, 3, 7, 14, 30} }

// trustedView is the section about trusted browsers.
func trustedView(c echo.Context) *pages.TrustedView {
	sess := web.CurrentSession(c)
	if !sess.User.Role.ManagesOffice() {
		return nil
	}
	view := &pages.TrustedView{Days: sess.TrustDays, Choices: trustChoices()}
	if view.Days > 0 && !slices.Contains(view.Choices, view.Days) {
		view.Choices = append(view.Choices, view.Days)
		slices.Sort(view.Choices)
	}
	return view
}

// SaveTrusted sets for how many days a user may trust a browser; 0 allows none.
func (s *Screens) SaveTrusted(c echo.Context) error {
	days, err := strconv.Atoi(c.FormValue("days"))
	if err != nil || days < 0 || days > 30 {
		return echo.ErrBadRequest // the form offers no such number
	}
	err = s.offices.AllowTrusted(c.Request().Context(), web.CurrentSession(c), s.Client(c), days)
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeTwoFactor, "saved")
}
