package login

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	pages "github.com/nightlatch/nightlatch/templates/login"
)

// justNow is how old a session is at most whose user has just logged in.
const justNow = time.Minute

// soon returns from when on a second factor is demanded of a user who has none and has just logged in, if that is
// known; else the zero time.
func (s *Screens) soon(c echo.Context) (time.Time, error) {
	if sess := web.CurrentSession(c); sess.Now.Sub(sess.CreatedAt) > justNow {
		return time.Time{}, nil
	}
	return s.demandedFrom(c)
}

// demandedFrom is soon at any time.
func (s *Screens) demandedFrom(c echo.Context) (time.Time, error) {
	sess := web.CurrentSession(c)
	if sess.TwoFactorRequired || sess.Factors.HasFactor() {
		return time.Time{}, nil
	}
	return s.factors.DemandedFrom(c.Request().Context(), sess.User.ID)
}

// SoonPage offers a second factor to who need not have one yet, but will.
func (s *Screens) SoonPage(c echo.Context) error {
	sess := web.CurrentSession(c)
	from, err := s.demandedFrom(c)
	if err != nil {
		return err
	}
	if from.IsZero() {
		return s.Redirect(c, paths.Me)
	}
	left := from.Sub(sess.Now)
	later := s.N(c, "soon.days", int((left+12*time.Hour)/(24*time.Hour)))
	if left < 36*time.Hour {
		later = s.N(c, "soon.hours", int((left+time.Hour-1)/time.Hour))
	}
	view := pages.SoonView{Office: sess.OfficeName, From: from, Later: later, Passkeys: s.factors.Offers(factor.Passkey)}
	return web.Page(c, http.StatusOK, pages.Soon, s.Layout(c, s.T(c, "soon.title"), paths.Soon), view)
}

// Later goes on to where the log-in leads.
func (s *Screens) Later(c echo.Context) error {
	return s.Home(c, web.CurrentSession(c).User.ID, paths.Me)
}
