package users

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/rescue"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/users"
)

// Rescue answers users who do not have their phone.
type Rescue interface {
	Users(ctx context.Context, officeID int64) ([]rescue.User, error)
	Of(ctx context.Context, officeID, userID int64) ([]rescue.Request, error)
	Reset(ctx context.Context, sess session.Session, client session.Client, userID int64, words string,
	) (twofactor.Handover, error)
	Refuse(ctx context.Context, sess session.Session, client session.Client, userID int64) error
}

// HelpPage shows what a user asks for, and takes the words that they read out.
func (s *Screens) HelpPage(c echo.Context) error { return s.showHelp(c, pages.HelpView{}) }

func (s *Screens) showHelp(c echo.Context, view pages.HelpView) error {
	user, sess := requestedUser(c), web.CurrentSession(c)
	requests, err := s.rescue.Of(c.Request().Context(), sess.User.OfficeID, user.ID)
	if err != nil {
		return err
	}
	view.ID, view.Name, view.Username, view.Own = user.ID, user.Name, user.Username, user.ID == sess.User.ID
	view.Back = s.T(c, s.comeBack(user), "Name", user.Name)
	for _, r := range requests {
		asked := pages.HelpRequest{At: r.At, ExpiresAt: r.ExpiresAt, Known: r.KnownBrowser, Address: r.Address}
		if r.Browser != "" {
			asked.Browser = s.T(c, "browser.on", "Browser", r.Browser, "System", r.System)
		}
		view.Requests = append(view.Requests, asked)
	}
	path := paths.To(paths.UserHelp, user.ID)
	f, err := s.AppLayout(c, s.T(c, "user_help.title", "Name", user.Name), path, templates.SectionUsers)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusOf(view), pages.Help, f, view)
}

// AnswerHelp does what the superuser chose, when the words are right.
func (s *Screens) AnswerHelp(c echo.Context) error {
	id := requestedUser(c).ID
	done, err := s.rescue.Reset(c.Request().Context(), web.CurrentSession(c), s.Client(c), id, c.FormValue("words"))
	if err != nil {
		return s.refuseHelp(c, err)
	}
	if done.Mailed {
		return s.Tell(c, paths.To(paths.User, id), "reset_link")
	}
	return s.LoadUser(func(c echo.Context) error { return s.showUser(c, shownUser{word: done.Word}) })(c)
}

// refuseHelp shows the page with what was wrong, or returns an error that is no refusal.
func (s *Screens) refuseHelp(c echo.Context, err error) error {
	var wrong *rescue.Wrong
	view := pages.HelpView{}
	switch {
	case errors.Is(err, rescue.ErrNotWords):
		view.WordsError = s.T(c, "user_help.not_words")
	case errors.As(err, &wrong) && wrong.Left > 0:
		view.WordsError = s.N(c, "user_help.wrong", wrong.Left)
	case errors.As(err, &wrong):
		view.Error = s.T(c, "user_help.spent")
	case errors.Is(err, rescue.ErrOver):
		view.Error = s.T(c, "user_help.over")
	default:
		return err
	}
	return s.showHelp(c, view)
}

// RefuseHelp ends what the user asks for.
func (s *Screens) RefuseHelp(c echo.Context) error {
	id := requestedUser(c).ID
	err := s.rescue.Refuse(c.Request().Context(), web.CurrentSession(c), s.Client(c), id)
	if err != nil && !errors.Is(err, rescue.ErrOver) {
		return err
	}
	return s.Tell(c, paths.To(paths.User, id), "help_refused")
}
