package login

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	pages "github.com/nightlatch/nightlatch/templates/login"
)

// mayTry reports whether a session's user has what a drill tries, and no log-in of theirs tries it anyway. No other
// costs a statement.
func mayTry(sess session.Session) bool {
	return !sess.TwoFactorRequired && !sess.Limited && (sess.Factors.Number() != nil || sess.Factors.Has(factor.App))
}

// drill reports whether a drill asks for a code of the user who has just logged in.
func (s *Screens) drill(c echo.Context) (bool, error) {
	sess := web.CurrentSession(c)
	if sess.Now.Sub(sess.CreatedAt) > justNow || !mayTry(sess) {
		return false, nil
	}
	return s.rollouts.Asks(c.Request().Context(), sess.User.ID)
}

// DrillPage asks for a code that is not needed yet.
func (s *Screens) DrillPage(c echo.Context) error { return s.showDrill(c, "") }

func (s *Screens) showDrill(c echo.Context, problem string) error {
	sess := web.CurrentSession(c)
	standing, err := s.standing(c, sess)
	if err != nil {
		return err
	}
	if standing == rollout.NotAsked {
		return s.Redirect(c, paths.Me)
	}
	view := pages.DrillView{Office: sess.OfficeName, Entered: standing == rollout.Entered, Error: problem}
	title := s.T(c, "try.title")
	if view.Entered {
		title = s.T(c, "try.done_title")
	}
	switch _, kind := s.factors.Next(sess.Factors, false); {
	case sess.Factors.Unconfirmed() != nil:
		view.Kind = "number"
		view.Number = web.Unbroken(phone.MaskedTail(sess.Factors.Unconfirmed().E164, 4))
	case kind == factor.SMS:
		view.Kind, view.Number = "sms", web.Masked(sess.Factors.Confirmed().E164)
	default:
		view.Kind = web.KindOf(kind).Name
	}
	return web.Page(c, web.StatusFor(problem), pages.Drill, s.Layout(c, title, paths.Drill), view)
}

// standing is how the user stands to the drill. Whoever sees the page has been asked.
func (s *Screens) standing(c echo.Context, sess session.Session) (rollout.Standing, error) {
	if !mayTry(sess) {
		return rollout.NotAsked, nil
	}
	return s.rollouts.Ask(c.Request().Context(), sess.User.ID)
}

// TryCode has the user prove the factor that a log-in would ask for, or sends a code to the number that it confirms.
func (s *Screens) TryCode(c echo.Context) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	standing, err := s.standing(c, sess)
	if err != nil {
		return err
	}
	if standing != rollout.Asked {
		return s.showDrill(c, "") // entered, or asked no more
	}
	if sess.Factors.Unconfirmed() == nil {
		if err := s.rollouts.Enter(ctx, sess); err != nil {
			return err
		}
		return s.Redirect(c, paths.Drill)
	}
	err = s.factors.ConfirmOnFile(ctx, sess, s.Lang(c))
	if problem, ok := s.SendProblem(c, err); ok {
		return s.showDrill(c, problem)
	}
	if errors.Is(err, twofactor.ErrNotAllowed) {
		return s.Redirect(c, paths.Drill) // confirmed or gone meanwhile
	}
	if err != nil {
		return err
	}
	return s.Redirect(c, paths.StepUpCode)
}

// SkipDrill goes on to where the log-in leads.
func (s *Screens) SkipDrill(c echo.Context) error {
	sess := web.CurrentSession(c)
	if mayTry(sess) {
		if err := s.rollouts.Skip(c.Request().Context(), sess.User.ID); err != nil {
			return err
		}
	}
	return s.Home(c, sess.User.ID, paths.Me)
}
