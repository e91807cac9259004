package factor

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/factor"
)

// SendCode sends a code to the number on file.
func (s *Screens) SendCode(c echo.Context) error {
	sess := web.CurrentSession(c)
	err := s.factors.SendOnFile(c.Request().Context(), sess, s.Lang(c))
	if problem, ok := s.SendProblem(c, err); ok {
		methods, err := s.factors.Enrolled(c.Request().Context(), sess.User.ID)
		if err != nil {
			return err
		}
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

// CodePage takes the code. Loading it again never sends anything.
func (s *Screens) CodePage(c echo.Context) error { return s.showCode(c, "") }

func (s *Screens) showCode(c echo.Context, problem string) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	at := placesOf(sess)
	view := pages.CodeView{
		Action: at.code, ResendURL: at.resend, Error: problem, Next: web.SafePath(web.Value(c, "next"), ""),
	}
	methods, err := s.factors.Enrolled(ctx, sess.User.ID)
	if err != nil {
		return err
	}
	challenge, err := s.factors.Current(ctx, sess)
	over := errors.Is(err, twofactor.ErrOver)
	if err != nil && !over {
		return err
	}
	switch expired := challenge.Outcome == "expired" || challenge.Outcome == "" && !challenge.Live(); {
	case !over && (challenge.Live() || expired):
		view.To = web.Masked(challenge.Number.E164)
		view.UnderWay = challenge.Live()
		view.Called, view.Calls = challenge.Message.Channel == phone.ByCall, s.calls
		view.Line = s.line(c, challenge)
		view.ResendIn = max(0, int(challenge.ResendAt.Sub(challenge.Now).Seconds()+0.999))
		view.ValidUntil = challenge.ExpiresAt
		if !challenge.Live() && problem == "" {
			view.Error = s.T(c, "code.expired")
		}
	case methods.Confirmed() != nil:
		// Nothing is under way: it was not sent, or it is over.
		view.To = web.Masked(methods.Confirmed().E164)
		view.ResendURL = at.send
		if problem == "" {
			if view.Error, err = s.whyNothing(c, challenge, *methods.Confirmed()); err != nil {
				return err
			}
		}
	default:
		return s.Redirect(c, placesOf(sess).home)
	}
	if challenge.Purpose == factor.PurposeEnrol && sess.Pending() {
		view.Links = append(view.Links, templates.Link{URL: paths.LoginNumber, Text: s.T(c, "code.other_number")})
	}
	if challenge.Purpose == factor.PurposeChange {
		view.Links = append(view.Links, templates.Link{URL: paths.MyNumber, Text: s.T(c, "code.other_number")})
		view.Links = append(view.Links, templates.Link{URL: paths.Me, Text: s.T(c, "cancel")})
	} else {
		view.Links = append(view.Links, templates.Link{URL: paths.Next(at.ways, view.Next), Text: s.T(c, "code.another_way")})
	}
	return web.Page(c, web.StatusFor(problem), pages.Code, s.Layout(c, s.T(c, "code.title"), at.code), view)
}

// whyNothing says why no code is under way, or "": then one only has to be asked for.
func (s *Screens) whyNothing(c echo.Context, last twofactor.Challenge, number phone.Number) (string, error) {
	err := s.factors.MaySend(c.Request().Context(), web.CurrentSession(c), number)
	if problem, ok := s.SendProblem(c, err); ok {
		return problem, nil
	}
	if err != nil {
		return "", err
	}
	if last.Outcome == "exhausted" || last.Outcome == "replaced" {
		return s.T(c, "code.over"), nil
	}
	return "", nil
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
		return s.Redirect(c, paths.Me)
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
	methods, err := s.factors.Enrolled(c.Request().Context(), web.CurrentSession(c).User.ID)
	if err != nil {
		return err
	}
	number := methods.Unconfirmed()
	if number == nil {
		return s.Redirect(c, paths.SecondStep)
	}
	view := pages.CheckNumberView{Number: web.Unbroken(phone.MaskedTail(number.E164, 4)), Error: problem}
	return web.Page(c, web.StatusFor(problem), pages.CheckNumber,
		s.Layout(c, s.T(c, "check.title"), paths.LoginCheck), view)
}
