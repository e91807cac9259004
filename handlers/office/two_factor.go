package office

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// TwoFactorPage is Settings > Office > Two-factor authentication: how the office comes to demand two factors, and of
// whom. Its sections stand in templates of their own; the switch itself stays on General.
func (s *Screens) TwoFactorPage(c echo.Context) error {
	return s.showTwoFactor(c, http.StatusOK, s.twoFactorOf(c))
}

// twoFactorOf is the page as things stand.
func (s *Screens) twoFactorOf(c echo.Context) pages.TwoFactorView {
	sess := web.CurrentSession(c)
	return pages.TwoFactorView{Active: sess.TwoFactorRequired, MayChange: sess.User.Role.ManagesOffice(),
		Trusted: trustedView(c)}
}

// showTwoFactor shows the page, as it stands or with what is wrong in one of its sections.
func (s *Screens) showTwoFactor(c echo.Context, status int, view pages.TwoFactorView) error {
	f, err := s.AppLayout(c, s.T(c, "office.two_factor"), paths.OfficeTwoFactor, templates.SectionOffice)
	if err != nil {
		return err
	}
	return web.Page(c, status, pages.TwoFactor, f, view)
}
