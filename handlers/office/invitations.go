package office

import (
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/office"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// invitationChoices are the days that the form offers, beside those that are set.
func invitationChoices() []int { return []int{1, 3, 7, 14, office.MaxInvitationDays} }

// invitationsView is the section about invitations.
func invitationsView(c echo.Context, set office.Rollout) *pages.InvitationsView {
	if !web.CurrentSession(c).User.Role.ManagesOffice() {
		return nil
	}
	view := &pages.InvitationsView{Days: set.InvitationDays, Choices: invitationChoices()}
	if !slices.Contains(view.Choices, view.Days) {
		view.Choices = append(view.Choices, view.Days)
		slices.Sort(view.Choices)
	}
	return view
}

// SaveInvitations sets for how many days an invitation lives.
func (s *Screens) SaveInvitations(c echo.Context) error {
	days, err := strconv.Atoi(c.FormValue("days"))
	if err != nil || days < 1 || days > office.MaxInvitationDays {
		return echo.ErrBadRequest // the form offers no such number
	}
	err = s.offices.SetInvitationDays(c.Request().Context(), web.CurrentSession(c), s.Client(c), days)
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeTwoFactor, "saved")
}
