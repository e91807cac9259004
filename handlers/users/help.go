package users

import (
	"context"
	"errors"
	"time"

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
	Pass(ctx context.Context, sess session.Session, client session.Client, userID int64, words string, until time.Time,
	) error
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
	now := sess.Now.In(web.Zone(c))
	choice := c.FormValue("choice")
	view.Pass, view.Reset, view.Until, view.Words = choice == "pass", choice == "reset", c.FormValue("until"),
		c.FormValue("words")
	if view.Until == "" {
		view.Until = passUntil(now).Format("15:04")
	}
	for _, r := range requests {
		asked := pages.HelpRequest{At: r.At, ExpiresAt: r.ExpiresAt, Known: r.KnownBrowser, Address: r.Address}
		if r.Browser != "" {
			asked.Browser = s.T(c, "browser.on", "Browser", r.Browser, "System", r.System)
		}
		view.IdleMinutes = int(r.Idle.Minutes())
		if r.FirstID != 0 {
			asked.First = s.firstAnswer(c, r)
		}
		view.Requests = append(view.Requests, asked)
	}
	if view.Own || len(requests) == 0 { // nothing is asked for that could be answered
		if view.WordsError+view.UntilError != "" {
			view.Error = s.T(c, "user_help.over")
		}
		view.WordsError, view.UntilError = "", ""
	}
	path := paths.To(paths.UserHelp, user.ID)
	f, err := s.AppLayout(c, s.T(c, "user_help.title", "Name", user.Name), path, templates.SectionUsers)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusOf(view), pages.Help, f, view)
}

// firstAnswer says who has answered a request first, where the office asks for two superusers, and what is left to do.
func (s *Screens) firstAnswer(c echo.Context, r rescue.Request) string {
	what := s.T(c, "user.reset")
	if r.FirstOutcome == "pass" {
		what = s.T(c, "user_help.pass")
	}
	if r.FirstID == web.CurrentSession(c).User.ID {
		return s.T(c, "user_help.first_own", "What", what)
	}
	return s.T(c, "user_help.first_other", "Name", r.First, "What", what)
}

// passUntil is the end of a day pass that is offered: of the working day, or in an hour, and never tomorrow.
func passUntil(now time.Time) time.Time {
	at := func(hour, minute int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, now.Location())
	}
	end, last := at(17, 30), at(23, 59)
	if end.Before(now.Add(time.Hour)) {
		end = now.Add(time.Hour)
	}
	if end.After(last) {
		return last
	}
	return end
}

// AnswerHelp does what the superuser chose, when the words are right.
func (s *Screens) AnswerHelp(c echo.Context) error {
	id := requestedUser(c).ID
	if c.FormValue("choice") == "pass" {
		return s.passHelp(c, id)
	}
	done, err := s.rescue.Reset(c.Request().Context(), web.CurrentSession(c), s.Client(c), id, c.FormValue("words"))
	if err != nil {
		return s.refuseHelp(c, err)
	}
	if done.Mailed {
		return s.Tell(c, paths.To(paths.User, id), "reset_link")
	}
	return s.LoadUser(func(c echo.Context) error { return s.showUser(c, shownUser{word: done.Word}) })(c)
}

// passHelp lets the log-in in until a time of today, of the clock that the superuser sees.
func (s *Screens) passHelp(c echo.Context, id int64) error {
	sess, until, ok := web.CurrentSession(c), time.Time{}, false
	if at, err := time.Parse("15:04", c.FormValue("until")); err == nil {
		now := sess.Now.In(web.Zone(c))
		until, ok = time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, now.Location()), true
	}
	if !ok {
		return s.refuseHelp(c, rescue.ErrTooLong)
	}
	err := s.rescue.Pass(c.Request().Context(), sess, s.Client(c), id, c.FormValue("words"), until)
	if err != nil {
		return s.refuseHelp(c, err)
	}
	return s.Tell(c, paths.To(paths.User, id), "pass_given")
}

// refuseHelp shows the page with what was wrong, or returns an error that is no refusal.
func (s *Screens) refuseHelp(c echo.Context, err error) error {
	var wrong *rescue.Wrong
	view := pages.HelpView{}
	switch {
	case errors.Is(err, rescue.ErrFirst):
		return s.Tell(c, paths.To(paths.UserHelp, requestedUser(c).ID), "help_first")
	case errors.Is(err, rescue.ErrTooLong):
		view.UntilError = s.T(c, "user_help.bad_until")
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
