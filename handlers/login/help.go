package login

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/rescue"
	pages "github.com/nightlatch/nightlatch/templates/login"
)

// wordsSeconds is how long a browser keeps the words that it asked with.
const wordsSeconds = 15 * 60

// HelpPage is for whoever does not have their phone: whom to call, and the words to read out.
func (s *Screens) HelpPage(c echo.Context) error { return s.showHelp(c, "") }

func (s *Screens) showHelp(c echo.Context, problem string) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	if !sess.Factors.HasFactor() {
		return s.Redirect(c, paths.SecondStep)
	}
	names, err := s.rescue.Helpers(ctx, sess)
	if err != nil {
		return err
	}
	view := pages.HelpView{Office: sess.OfficeName, Helpers: names, Error: problem, State: pages.HelpNone}
	asked, err := s.rescue.Current(ctx, sess)
	if err != nil && !errors.Is(err, rescue.ErrOver) {
		return err
	}
	if err == nil {
		view.State = helpState(asked)
		view.Line = helpLine(asked)
		view.ExpiresAt, view.Left = asked.ExpiresAt, int(asked.ExpiresAt.Sub(asked.Now).Seconds())
		view.Words = s.rescue.Words(sess, s.Cookie(c, web.CookieWords))
	}
	return web.Page(c, web.StatusFor(problem), pages.Help, s.Layout(c, s.T(c, "help.title"), paths.LoginHelp), view)
}

// helpState is what is true of a request, in the words of the page.
func helpState(asked rescue.Asked) string {
	switch {
	case asked.Lives:
		return pages.HelpWaits
	case asked.Outcome == "":
		return pages.HelpExpired
	}
	return asked.Outcome
}

func helpLine(asked rescue.Asked) pages.HelpLine {
	return pages.HelpLine{State: helpState(asked), ID: asked.ID}
}

// AskForHelp begins a request, and shows its words to this browser alone.
func (s *Screens) AskForHelp(c echo.Context) error {
	sealed, err := s.rescue.Ask(c.Request().Context(), web.CurrentSession(c), s.Client(c))
	switch {
	case errors.Is(err, rescue.ErrTooMany):
		return s.showHelp(c, s.T(c, "help.too_many"))
	case errors.Is(err, rescue.ErrOver):
		return s.Redirect(c, paths.SecondStep)
	case err != nil:
		return err
	}
	s.SetCookie(c, web.CookieWords, sealed, wordsSeconds)
	return s.Redirect(c, paths.LoginHelp)
}

// HelpLine is what the page that waits asks every second: nothing while it is true, and then the page as it is.
func (s *Screens) HelpLine(c echo.Context) error {
	asked, err := s.rescue.Current(c.Request().Context(), web.CurrentSession(c))
	if err != nil && !errors.Is(err, rescue.ErrOver) {
		return err
	}
	if err == nil && c.Request().Header.Get(web.HeaderShown) == helpLine(asked).Version() {
		left := time.Duration(0)
		if asked.Lives {
			left = asked.ExpiresAt.Sub(asked.Now)
		}
		return s.Unchanged(c, left)
	}
	if c.Request().Header.Get(web.HeaderShown) == "" {
		return s.Redirect(c, paths.LoginHelp)
	}
	c.Response().Header().Set("HX-Redirect", paths.LoginHelp)
	return c.NoContent(http.StatusNoContent)
}

// stopPage asks whoever opened the link in a mail whether to stop what was asked for in their name.
func (s *Screens) stopPage(c echo.Context, token account.Token, link account.Link) error {
	view := pages.StopView{Action: paths.To(paths.Link, token), Username: link.Username, Office: link.OfficeName}
	return web.Page(c, http.StatusOK, pages.Stop, s.Layout(c, s.T(c, "stop.title"), view.Action), view)
}

// stop ends what was asked for, and leads to where a new password is asked for.
func (s *Screens) stop(c echo.Context, token account.Token) error {
	err := s.accounts.UseStopLink(c.Request().Context(), s.rescue, token, s.PasswordOrigin(c))
	if errors.Is(err, account.ErrLink) {
		return s.showLinkOver(c, token)
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.Login, "stopped")
}
