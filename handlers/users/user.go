package users

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/users"
)

// typedSeconds is how long a number waits for the page that shows it whole.
const typedSeconds = 60

// UserPage is another user's settings, or one's own as the office sees them. Whoever has just registered the number
// sees it whole, once: a digit that was swapped can be seen by nobody else.
func (s *Screens) UserPage(c echo.Context) error {
	shown, sealed := shownUser{}, s.Cookie(c, web.CookieNumber)
	if sealed != "" {
		s.SetCookie(c, web.CookieNumber, "", -1)
		shown.typed = s.factors.OpenTyped(web.CurrentSession(c), requestedUser(c).ID, sealed)
	}
	return s.showUser(c, shown)
}

// shownUser is what stands on a user's page beside the user.
type shownUser struct {
	fieldProblem string // of the number
	problem      string
	word         string // of a reset, to be handed over
	typed        string // the number that was just registered, whole
	sure         bool   // the number is taken when it is posted once more
	question     func(account.Profile) templates.Question
}

func (s *Screens) showUser(c echo.Context, shown shownUser) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	user := requestedUser(c)
	view := userView(sess.User, sess.TwoFactorRequired, user)
	if user.Factors.Unconfirmed() != nil {
		view.Typed = web.Unbroken(shown.typed)
	}
	view.Error, view.Factors = shown.problem, s.FactorRows(c, user.Factors, false)
	if shown.question != nil {
		question := shown.question(user)
		if web.WantsFragment(c.Request()) {
			return web.Fragment(c, http.StatusOK, templates.QuestionDialog, s.Lang(c), question)
		}
		question.Back = paths.To(paths.User, user.ID)
		view.Question = &question
	}
	standing, err := s.users.Standing(ctx, sess.User.OfficeID, user.ID)
	if err != nil {
		return err
	}
	view.NoPassword, view.Sessions = !standing.HasPassword, standing.Sessions
	view.AsksHelp = standing.AsksHelp
	view.AskedBy, view.AskedAt = standing.ResetAskBy, standing.ResetAskAt
	view.Word, view.WordOwed, view.WordExpired = shown.word, standing.WordOwed, !standing.WordLives
	view.Voided, view.LinkLives, view.SingleSignOn = standing.PasswordVoided, standing.LinkLives, standing.SingleSignOn
	again := standing.WordOwed || standing.SingleSignOn || !standing.HasPassword && standing.PasswordVoided
	view.MayReset = view.MayReset || again && view.Manages && !view.Own
	view.Mail = s.undelivered(c, standing.Mail)
	view.CanMail, view.Invitation = s.users.CanMail(), templates.Invitation(standing.Invitation)
	if view.Field, err = s.NumberField(c, shown.fieldProblem, shown.sure); err != nil {
		return err
	}
	f, err := s.AppLayout(c, user.Name, paths.To(paths.User, user.ID), templates.SectionUsers)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusFor(shown.fieldProblem+shown.problem), pages.User, f, view)
}

// undelivered is what keeps a mail from its user, in words.
func (s *Screens) undelivered(c echo.Context, last users.LastMail) pages.Undelivered {
	if last.Fault == "" {
		return pages.Undelivered{}
	}
	return pages.Undelivered{
		Why: s.MailFault(c, last.Fault, last.Code), Invite: last.Brings(), Final: last.Final,
		Address: last.Fault == mail.FaultAddress,
	}
}

func userView(viewer account.User, twoFactor bool, u account.Profile) pages.UserView {
	number := u.Factors.Number()
	something := u.Factors.HasFactor() || number != nil
	return pages.UserView{
		ID: u.ID, Name: u.Name, Username: u.Username, Email: u.Email, Role: string(u.Role), TwoFactor: twoFactor,
		HasNumber: number != nil, HasFactor: u.Factors.HasFactor(),
		MayRegister: twofactor.MayRegister(viewer.Role, u.Role), Higher: !viewer.Role.AtLeast(u.Role),
		MayReset: viewer.Role.ManagesOffice() && viewer.ID != u.ID && something,
		MayAsk:   !viewer.Role.ManagesOffice() && viewer.ID != u.ID && something,
		Manages:  viewer.Role.ManagesOffice(), Own: viewer.ID == u.ID, Disabled: u.Disabled,
	}
}

// RegisterNumber notes another user's number, unconfirmed.
func (s *Screens) RegisterNumber(c echo.Context) error {
	id := requestedUser(c).ID
	number, refused, sure := s.ReadNumber(c)
	if refused != "" {
		return s.showUser(c, shownUser{fieldProblem: refused, sure: sure})
	}
	err := s.factors.RegisterNumber(c.Request().Context(), web.CurrentSession(c), s.Client(c), id, number)
	if errors.Is(err, twofactor.ErrHasFactor) {
		return s.showUser(c, shownUser{problem: s.T(c, "user.has_factor")})
	}
	if problem := s.NotRegistered(c, number, err); problem != "" {
		return s.showUser(c, shownUser{fieldProblem: problem})
	}
	if err != nil {
		return err
	}
	s.SetCookie(c, web.CookieNumber, s.factors.SealTyped(web.CurrentSession(c), id, number), typedSeconds)
	return s.Tell(c, paths.To(paths.User, id), "number_registered")
}

// ResetQuestion asks before a reset.
func (s *Screens) ResetQuestion(c echo.Context) error {
	return s.showUser(c, shownUser{question: func(u account.Profile) templates.Question {
		return templates.Question{
			Title: s.T(c, "user.reset_title", "Name", u.Name), Text: s.T(c, "user.reset_text"),
			Notes: []templates.Note{
				{Icon: "key-round", Text: s.T(c, s.comeBack(u), "Name", u.Name)},
				{Icon: "triangle-alert", Text: s.T(c, "user.reset_warning"), Warning: true},
			},
			Action: paths.To(paths.UserReset, u.ID), Yes: s.T(c, "user.reset_yes"),
		}
	}})
}

// comeBack is how a user gets in again after a reset, as a key of the catalogue.
func (s *Screens) comeBack(u account.Profile) string {
	if s.users.CanMail() && u.Email != "" && !u.Disabled {
		return "user.reset_by_link"
	}
	return "user.reset_by_word"
}

// Reset takes the user's factors away.
func (s *Screens) Reset(c echo.Context) error {
	id := requestedUser(c).ID
	done, err := s.factors.Reset(c.Request().Context(), web.CurrentSession(c), s.Client(c), id)
	if errors.Is(err, twofactor.ErrTwoApprovers) {
		return s.showUser(c, shownUser{problem: s.T(c, "user.two_approvers")})
	}
	if err != nil {
		return err
	}
	if done.Mailed {
		return s.Tell(c, paths.To(paths.User, id), "reset_link")
	}
	// Shown in this response alone; reset again, there is another. The user is read anew, without the factors.
	return s.LoadUser(func(c echo.Context) error { return s.showUser(c, shownUser{word: done.Word}) })(c)
}

const keyUser = "user"

// LoadUser reads the user of the address. Another office's is as unknown as none, before anything else is said.
func (s *Screens) LoadUser(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := web.IDParam(c)
		if err != nil {
			return err
		}
		user, err := s.profiles.Profile(c.Request().Context(), web.CurrentSession(c).User.OfficeID, id)
		if err != nil {
			return err
		}
		c.Set(keyUser, user)
		return next(c)
	}
}

// requestedUser returns the user of the address, as LoadUser read it.
func requestedUser(c echo.Context) account.Profile {
	user, ok := c.Get(keyUser).(account.Profile)
	if !ok {
		panic("handler without LoadUser")
	}
	return user
}
