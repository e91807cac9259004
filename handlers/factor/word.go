package factor

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// WordPage asks for the word of a reset, before a factor is chosen.
func (s *Screens) WordPage(c echo.Context) error {
	if sess := web.CurrentSession(c); !sess.WordOwed {
		return s.Redirect(c, placesOf(sess).home)
	}
	return s.showWord(c, "")
}

func (s *Screens) showWord(c echo.Context, problem string) error {
	at := placesOf(web.CurrentSession(c))
	view := templates.ProveView{
		Heading: s.T(c, "word.title"), Lead: s.T(c, "word.lead"), Label: s.T(c, "word.label"), Hint: s.T(c, "word.hint"),
		Input: templates.InputRecovery, Action: at.word, Error: problem,
	}
	return web.Page(c, web.StatusFor(problem), templates.Prove, s.Layout(c, view.Heading, at.word), view)
}

// GiveWord takes the word.
func (s *Screens) GiveWord(c echo.Context) error {
	sess := web.CurrentSession(c)
	if !sess.WordOwed {
		return s.Redirect(c, placesOf(sess).home)
	}
	err := s.factors.GiveWord(c.Request().Context(), sess, s.Client(c), c.FormValue("code"))
	if err == nil {
		return s.Redirect(c, placesOf(sess).home)
	}
	if errors.Is(err, twofactor.ErrWordExpired) {
		return s.showWord(c, s.T(c, "word.expired"))
	}
	problem, err := s.ProofProblem(c, err, "word.not_a_word")
	if err != nil {
		return err
	}
	return s.showWord(c, problem)
}
