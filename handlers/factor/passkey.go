package factor

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/factor/passkey"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/factor"
)

// PasskeyPage asks for a passkey, at the log-in and for a step-up in settings.
func (s *Screens) PasskeyPage(c echo.Context) error { return s.showPasskey(c, "") }

func (s *Screens) showPasskey(c echo.Context, problem string) error {
	sess, next := web.CurrentSession(c), web.SafePath(web.Value(c, "next"), "")
	at := placesOf(sess)
	question, err := s.factors.Ask(c.Request().Context(), sess, factor.Passkey, false)
	if errors.Is(err, twofactor.ErrOver) { // none, or none that opens anything
		return s.Redirect(c, paths.Next(at.ways, next))
	}
	if err != nil {
		return err
	}
	view := pages.PasskeyView{
		Heading: s.T(c, "passkey.title"), Lead: s.T(c, "passkey.lead"), Button: s.T(c, "passkey.use"),
		Action: at.passkey, Next: next, Question: question, Error: problem, Trust: web.TrustDays(c),
		Links: []templates.Link{{URL: paths.Next(at.ways, next), Text: s.T(c, "code.another_way")}},
	}
	return web.Page(c, web.StatusFor(problem), pages.Passkey, s.Layout(c, view.Heading, at.passkey), view)
}

func (s *Screens) VerifyPasskey(c echo.Context) error {
	proven, err := s.factors.Prove(c.Request().Context(), web.CurrentSession(c), s.Client(c), factor.Passkey,
		passkey.Response(c.FormValue("credential"), ""))
	if err == nil {
		s.SetSession(c, proven.Token)
		if proven.Purpose == factor.PurposeStepUp {
			return s.AfterStepUp(c, proven.Token)
		}
		s.TrustIfAsked(c)
		return s.Home(c, web.CurrentSession(c).User.ID, paths.Me)
	}
	problem, err := s.passkeyProblem(c, err)
	if err != nil {
		return err
	}
	return s.showPasskey(c, problem)
}

// passkeyProblem returns the sentence for a passkey that was not right, or an error as ProofProblem does.
func (s *Screens) passkeyProblem(c echo.Context, err error) (string, error) {
	var wrong *twofactor.Wrong
	switch {
	case errors.As(err, &wrong) && wrong.Left > 0:
		return s.N(c, "passkey.wrong", wrong.Left), nil
	case errors.Is(err, twofactor.ErrHasFactor):
		return s.T(c, "passkey.taken"), nil
	case errors.Is(err, twofactor.ErrOver):
		return s.T(c, "passkey.over"), nil
	}
	return s.ProofProblem(c, err, "passkey.nothing")
}

// NewPasskeyPage makes a passkey, at the log-in and in settings.
func (s *Screens) NewPasskeyPage(c echo.Context) error { return s.showNewPasskey(c, "") }

func (s *Screens) showNewPasskey(c echo.Context, problem string) error {
	sess := web.CurrentSession(c)
	question, err := s.factors.Ask(c.Request().Context(), sess, factor.Passkey, true)
	switch {
	case errors.Is(err, twofactor.ErrHasFactor):
		return s.Redirect(c, placesOf(sess).home)
	case err != nil:
		return err
	}
	view := pages.PasskeyView{
		Heading: s.T(c, "passkey.new_title"), Lead: s.T(c, "passkey.new_lead"), Button: s.T(c, "passkey.make"),
		Action: paths.MyPasskeyNew, Question: question, Error: problem, New: true, Name: c.FormValue("name"),
		Links: []templates.Link{{URL: paths.MyPasskeys, Text: s.T(c, "cancel")}},
	}
	switch {
	case sess.PasskeyOwed:
		view.Owed, view.Lead, view.Links = true, s.T(c, "passkey.owed", "Office", sess.OfficeName), nil
	case sess.Pending():
		view.Action = paths.LoginPasskeyNew
		view.Links = []templates.Link{{URL: paths.LoginMethod, Text: s.T(c, "code.another_way")}}
	}
	return web.Page(c, web.StatusFor(problem), pages.Passkey, s.Layout(c, view.Heading, view.Action), view)
}

func (s *Screens) ConfirmPasskey(c echo.Context) error {
	proven, err := s.factors.ConfirmEnrolment(c.Request().Context(), web.CurrentSession(c), s.Client(c), factor.Passkey,
		passkey.Response(c.FormValue("credential"), c.FormValue("name")))
	switch {
	case err == nil && proven.NewCodes:
		s.SetSession(c, proven.Token)
		return s.Redirect(c, paths.RecoveryCodes)
	case err == nil && web.CurrentSession(c).PasskeyOwed:
		s.SetSession(c, proven.Token)
		return s.Home(c, web.CurrentSession(c).User.ID, paths.Me)
	case err == nil:
		s.SetSession(c, proven.Token)
		return s.Tell(c, paths.MyPasskeys, "passkey_added")
	}
	problem, err := s.passkeyProblem(c, err)
	if err != nil {
		return err
	}
	return s.showNewPasskey(c, problem)
}
