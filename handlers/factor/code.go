package factor

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	pages "github.com/nightlatch/nightlatch/templates/factor"
)

// SendCode sends a code to the number on file.
func (s *Screens) SendCode(c echo.Context) error {
	sess := web.CurrentSession(c)
	err := s.factors.SendOnFile(c.Request().Context(), sess, s.Lang(c))
	if problem, ok := s.SendProblem(c, err); ok {
		methods := sess.Factors
		if methods.Unconfirmed() != nil && sess.Pending() {
			return s.showCheckNumber(c, problem)
		}
		return s.showCode(c, problem)
	}
	if errors.Is(err, twofactor.ErrNotAllowed) {
		return s.Redirect(c, placesOf(sess).start) // no such number (any more)
	}
	if err != nil {
		return err
	}
	return s.Redirect(c, paths.Next(placesOf(sess).code, web.SafePath(c.FormValue("next"), "")))
}

func (s *Screens) VerifyCode(c echo.Context) error {
	sess := web.CurrentSession(c)
	proven, err := s.factors.Prove(c.Request().Context(), sess, s.Client(c), factor.SMS, c.FormValue("code"))
	if err == nil {
		s.SetSession(c, proven.Token)
		switch {
		case proven.NewCodes:
			return s.Tell(c, paths.RecoveryCodes, "number_saved")
		case proven.Purpose.Enrols():
			return s.Tell(c, paths.Me, "number_saved")
		case proven.Purpose == factor.PurposeStepUp:
			return s.AfterStepUp(c, proven.Token)
		}
		s.TrustIfAsked(c)
		return s.Home(c, sess.User.ID, paths.Me)
	}
	problem, err := s.ProofProblem(c, err, "code.not_a_code")
	if err != nil {
		return err
	}
	return s.showCode(c, problem)
}

func (s *Screens) ResendCode(c echo.Context) error {
	sess := web.CurrentSession(c)
	channel := phone.ByText
	if s.calls && c.FormValue("channel") == string(phone.ByCall) {
		channel = phone.ByCall
	}
	err := s.factors.Resend(c.Request().Context(), sess, s.Lang(c), channel)
	if problem, ok := s.SendProblem(c, err); ok {
		return s.showCode(c, problem)
	}
	switch {
	case errors.Is(err, twofactor.ErrHasFactor), errors.Is(err, twofactor.ErrNotAllowed):
		return s.Redirect(c, placesOf(sess).home)
	case err != nil && !errors.Is(err, twofactor.ErrOver):
		return err
	}
	return s.Redirect(c, paths.Next(placesOf(sess).code, web.SafePath(c.FormValue("next"), "")))
}

// CheckNumberPage shows the number that the office registered.
func (s *Screens) CheckNumberPage(c echo.Context) error { return s.showCheckNumber(c, "") }

func (s *Screens) showCheckNumber(c echo.Context, problem string) error {
	methods := web.CurrentSession(c).Factors
	number := methods.Unconfirmed()
	if number == nil {
		return s.Redirect(c, paths.SecondStep)
	}
	view := pages.CheckNumberView{Number: web.Unbroken(phone.MaskedTail(number.E164, 4)), Error: problem}
	return web.Page(c, web.StatusFor(problem), pages.CheckNumber,
		s.Layout(c, s.T(c, "check.title"), paths.LoginCheck), view)
}
