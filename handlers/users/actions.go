package users

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/users"
	"github.com/nightlatch/nightlatch/templates"
)

// act does one thing to the user whom the address names, and the page says so, or why not.
func (s *Screens) act(
	c echo.Context, done string, do func(context.Context, session.Session, session.Client, int64) error,
) error {
	user := requestedUser(c)
	err := do(c.Request().Context(), web.CurrentSession(c), s.Client(c), user.ID)
	switch {
	case errors.Is(err, users.ErrLastSuperuser):
		return s.showUser(c, shownUser{problem: s.T(c, "user.last_superuser")})
	case errors.Is(err, users.ErrYourself):
		return s.showUser(c, shownUser{problem: s.T(c, "user.end_yourself")})
	case err != nil:
		return err
	}
	if done == "user_deleted" {
		return s.Tell(c, paths.Users, done)
	}
	return s.Tell(c, paths.To(paths.User, user.ID), done)
}

func (s *Screens) DisableQuestion(c echo.Context) error {
	return s.showUser(c, shownUser{question: func(u account.Profile) templates.Question {
		return templates.Question{
			Title: s.T(c, "user.disable_title", "Name", u.Name), Text: s.T(c, "user.disable_question", "Name", u.Name),
			Action: paths.To(paths.UserDisable, u.ID), Yes: s.T(c, "user.disable_yes"),
		}
	}})
}

func (s *Screens) Disable(c echo.Context) error {
	return s.act(c, "user_disabled", s.users.Disable)
}

func (s *Screens) Enable(c echo.Context) error {
	return s.act(c, "user_enabled", s.users.Enable)
}

func (s *Screens) DeleteQuestion(c echo.Context) error {
	return s.showUser(c, shownUser{question: func(u account.Profile) templates.Question {
		return templates.Question{
			Title: s.T(c, "user.delete_title", "Name", u.Name, "Username", u.Username), Text: s.T(c, "user.delete_text"),
			Notes:  []templates.Note{{Icon: "triangle-alert", Text: s.T(c, "user.delete_question"), Warning: true}},
			Action: paths.To(paths.UserDelete, u.ID), Yes: s.T(c, "user.delete_yes"),
		}
	}})
}

func (s *Screens) Delete(c echo.Context) error {
	return s.act(c, "user_deleted", s.users.Delete)
}

// Invite sends the user the link with which they choose a password. The link reaches them alone.
func (s *Screens) Invite(c echo.Context) error {
	user := requestedUser(c)
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	switch {
	case !s.users.CanMail():
		return s.showUser(c, shownUser{problem: s.T(c, "user.no_mail")})
	case user.Email == "":
		return s.showUser(c, shownUser{problem: s.T(c, "user.no_password_email")})
	}
	err := s.users.Invite(ctx, sess, s.Client(c), user.ID)
	if errors.Is(err, fault.Forbidden) || errors.Is(err, fault.StepUpRequired) {
		return err
	}
	if err != nil {
		s.Logger.WarnContext(ctx, "invite a user", "request", web.RequestID(c), "user", user.ID, "error", err)
		return s.showUser(c, shownUser{problem: s.T(c, "user.invite_failed")})
	}
	return s.Tell(c, paths.To(paths.User, user.ID), "user_invited")
}

// AskReset leaves the superusers a request.
func (s *Screens) AskReset(c echo.Context) error {
	return s.act(c, "reset_asked", s.users.AskReset)
}

func (s *Screens) DeclineReset(c echo.Context) error {
	return s.act(c, "reset_declined", s.users.DeclineReset)
}

func (s *Screens) EndSessionsQuestion(c echo.Context) error {
	return s.showUser(c, shownUser{question: func(u account.Profile) templates.Question {
		question := templates.Question{
			Title: s.T(c, "user.end_sessions_title", "Name", u.Name), Text: s.T(c, "user.end_sessions_text", "Name", u.Name),
			Action: paths.To(paths.UserEndSessions, u.ID), Yes: s.T(c, "user.end_sessions_yes"),
		}
		if u.ID == web.CurrentSession(c).User.ID {
			question.Text = s.T(c, "user.end_sessions_own")
		}
		return question
	}})
}

func (s *Screens) EndSessions(c echo.Context) error {
	return s.act(c, "sessions_ended", s.users.LogOut)
}
