package handlers

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// delayedAfter is when a message that is still not with the provider is called delayed.
const delayedAfter = 8 * time.Second

// sendCode sends a code to the number on file.
func (s *Site) sendCode(c echo.Context) error {
	sess := must(c)
	err := s.Factors.SendOnFile(c.Request().Context(), sess, s.lang(c))
	if problem, ok := s.sendProblem(c, err); ok {
		methods, err := s.Factors.Methods(c.Request().Context(), sess.User.ID)
		if err != nil {
			return err
		}
		if methods.Unconfirmed() != nil && sess.Pending() {
			return s.showCheckNumber(c, problem)
		}
		return s.showCode(c, problem)
	}
	if errors.Is(err, twofactor.ErrNotAllowed) {
		return s.redirect(c, base(sess)) // no such number (any more)
	}
	if err != nil {
		return err
	}
	return s.redirect(c, withNext(base(sess)+"/code", safePath(c.FormValue("next"), "")))
}

// sendProblem is the sentence for a code that is not sent now.
func (s *Site) sendProblem(c echo.Context, err error) (string, bool) {
	var wait *twofactor.Wait
	var soon *twofactor.TooSoon
	var limited *twofactor.Limited
	switch {
	case errors.As(err, &wait):
		return s.waitText(c, wait), true
	case errors.As(err, &soon):
		return s.n(c, "code.too_soon", int(soon.For.Seconds())+1), true
	case errors.As(err, &limited):
		return s.t(c, "limit."+string(limited.Limit)), true
	}
	return "", false
}

// codePage takes the code. Loading it again never sends anything.
func (s *Site) codePage(c echo.Context) error { return s.showCode(c, "") }

func (s *Site) showCode(c echo.Context, problem string) error {
	ctx, sess := c.Request().Context(), must(c)
	at := base(sess)
	view := templates.CodeView{
		Action: at + "/code", ResendURL: at + "/resend", Error: problem, Next: safePath(first(c, "next"), ""),
	}
	methods, err := s.Factors.Methods(ctx, sess.User.ID)
	if err != nil {
		return err
	}
	challenge, err := s.Factors.Current(ctx, sess)
	over := errors.Is(err, twofactor.ErrOver)
	if err != nil && !over {
		return err
	}
	switch expired := challenge.Outcome == "expired" || challenge.Outcome == "" && !challenge.Live(); {
	case !over && (challenge.Live() || expired):
		view.To = masked(challenge.Number.E164)
		view.UnderWay = challenge.Live()
		view.Called, view.Calls = challenge.Message.Channel == twofactor.Call, s.Calls
		view.Line = s.line(c, challenge)
		view.ResendIn = max(0, int(challenge.ResendAt.Sub(challenge.Now).Seconds()+0.999))
		view.ValidUntil = challenge.ExpiresAt
		if !challenge.Live() && problem == "" {
			view.Error = s.t(c, "code.expired")
		}
	case methods.SMS() != nil:
		// Nothing is under way: it was not sent, or it is over.
		view.To = masked(methods.SMS().E164)
		view.ResendURL = at + "/send"
		if problem == "" {
			if view.Error, err = s.whyNothing(c, challenge, *methods.SMS()); err != nil {
				return err
			}
		}
	default:
		return s.redirect(c, afterNothing(sess))
	}
	if challenge.Purpose == twofactor.PurposeConfirm && sess.Pending() {
		view.Links = append(view.Links, templates.Link{URL: "/login/number", Text: s.t(c, "code.other_number")})
	}
	if challenge.Purpose == twofactor.PurposeChange {
		view.Links = append(view.Links, templates.Link{URL: "/settings/me/number", Text: s.t(c, "code.other_number")})
		view.Links = append(view.Links, templates.Link{URL: pathMe, Text: s.t(c, "cancel")})
	} else {
		view.Links = append(view.Links, templates.Link{URL: withNext(at+"/ways", view.Next), Text: s.t(c, "code.another_way")})
	}
	return page(c, statusFor(problem), templates.Code, s.frame(c, s.t(c, "code.title"), at+"/code"), view)
}

// whyNothing says why no code is under way, or "": then one only has to be asked for.
func (s *Site) whyNothing(c echo.Context, last twofactor.Challenge, number phone.Number) (string, error) {
	err := s.Factors.MaySend(c.Request().Context(), must(c), number)
	if problem, ok := s.sendProblem(c, err); ok {
		return problem, nil
	}
	if err != nil {
		return "", err
	}
	if last.Outcome == "exhausted" || last.Outcome == "replaced" {
		return s.t(c, "code.over"), nil
	}
	return "", nil
}

func afterNothing(sess session.Session) string {
	if sess.Pending() {
		return "/login/second-step"
	}
	return pathMe
}

func (s *Site) verifyCode(c echo.Context) error {
	sess := must(c)
	proven, err := s.Factors.Verify(c.Request().Context(), sess, s.client(c), c.FormValue("code"))
	if err == nil {
		s.setSession(c, proven.Token)
		switch proven.Purpose {
		case twofactor.PurposeChange:
			return s.redirect(c, pathMe+"?done=number_saved")
		case twofactor.PurposeFresh:
			return s.afterFresh(c)
		case twofactor.PurposeConfirm:
			return s.redirect(c, pathMe+"?done=number_saved")
		}
		return s.redirect(c, pathMe)
	}
	problem, ended, err := s.proofProblem(c, err, "code.not_a_code")
	if err != nil {
		return err
	}
	if ended {
		return s.redirect(c, "/login?why=exhausted")
	}
	return s.showCode(c, problem)
}

// proofProblem is the sentence for a proof that was not right; ended says that the session is over with it.
func (s *Site) proofProblem(c echo.Context, err error, notACode string) (problem string, ended bool, _ error) {
	var wrong *twofactor.Wrong
	var wait *twofactor.Wait
	switch {
	case errors.Is(err, twofactor.ErrNotACode):
		return s.t(c, notACode), false, nil
	case errors.As(err, &wrong) && wrong.Left == 0:
		// The domain ended the session, unless only the number to change to was being proven.
		_, err := s.Sessions.Load(c.Request().Context(), session.Token(s.cookie(c, cookieSession)))
		if errors.Is(err, session.ErrNone) {
			return "", true, nil
		}
		return s.t(c, "code.exhausted"), false, err
	case errors.As(err, &wrong):
		return s.n(c, "code.wrong", wrong.Left), false, nil
	case errors.As(err, &wait):
		return s.waitText(c, wait), false, nil
	case errors.Is(err, twofactor.ErrOver), errors.Is(err, twofactor.ErrHasFactor):
		return s.t(c, "code.over"), false, nil
	}
	return "", false, err
}

func (s *Site) resendCode(c echo.Context) error {
	sess := must(c)
	channel := twofactor.SMS
	if s.Calls && c.FormValue("channel") == string(twofactor.Call) {
		channel = twofactor.Call
	}
	err := s.Factors.Resend(c.Request().Context(), sess, s.lang(c), channel)
	if problem, ok := s.sendProblem(c, err); ok {
		return s.showCode(c, problem)
	}
	switch {
	case errors.Is(err, twofactor.ErrNotFresh):
		return s.redirect(c, withNext("/settings/confirm", "/settings/me/number"))
	case errors.Is(err, twofactor.ErrHasFactor), errors.Is(err, twofactor.ErrNotAllowed):
		return s.redirect(c, afterNothing(sess))
	case err != nil && !errors.Is(err, twofactor.ErrOver):
		return err
	}
	return s.redirect(c, withNext(base(sess)+"/code", safePath(c.FormValue("next"), "")))
}

// messageLine is the live line. It takes no id: whose message it is, the cookie says.
func (s *Site) messageLine(c echo.Context) error {
	challenge, err := s.Factors.Current(c.Request().Context(), must(c))
	if errors.Is(err, twofactor.ErrOver) {
		return fragment(c, http.StatusOK, templates.CodeLine, s.lang(c), templates.MessageLine{})
	}
	if err != nil {
		return err
	}
	return fragment(c, http.StatusOK, templates.CodeLine, s.lang(c), s.line(c, challenge))
}

// line tells the truth about the challenge's newest message.
func (s *Site) line(c echo.Context, challenge twofactor.Challenge) templates.MessageLine {
	m := challenge.Message
	resendOpen := !challenge.Now.Before(challenge.ResendAt)
	line := templates.MessageLine{URL: base(must(c)) + "/message", Poll: challenge.Live() && (!m.Final || !resendOpen)}
	add := func(state templates.StepState, id, note string, at time.Time) {
		step := templates.LineStep{State: state, Text: s.t(c, id), At: at}
		if note != "" {
			step.Note = s.t(c, note)
		}
		line.Steps = append(line.Steps, step)
	}
	said := func(id string) string {
		if m.Channel == twofactor.Call {
			return id + "_call"
		}
		return id
	}
	add(templates.StepDone, "line.queued", "", m.QueuedAt)
	delayed := ""
	if challenge.Now.Sub(m.QueuedAt) >= delayedAfter {
		delayed = "line.delayed_note"
	}
	switch m.State {
	case "queued":
		if delayed != "" {
			add(templates.StepCurrent, "line.delayed", delayed, time.Time{})
			break
		}
		add(templates.StepCurrent, "line.queued_now", "", time.Time{})
	case "calling":
		add(templates.StepCurrent, "line.calling", delayed, time.Time{})
	case "retrying":
		add(templates.StepCurrent, retryingText(m.Reason), delayed, m.ChangedAt)
	case "unsure":
		if m.Final {
			add(templates.StepFailed, "line.unsure_final", "line.unsure_note", m.ChangedAt)
			break
		}
		add(templates.StepCurrent, "line.unsure", delayed, m.ChangedAt)
	case "accepted":
		add(templates.StepDone, said("line.accepted"), "", m.AcceptedAt)
		switch m.Reason {
		case "buffered":
			add(templates.StepCurrent, "line.buffered", "line.buffered_note", m.ChangedAt)
		case "answered":
			add(templates.StepCurrent, "line.answered", "", m.ChangedAt)
		default:
			add(templates.StepCurrent, said("line.on_its_way"), "", time.Time{})
		}
	case "delivered":
		add(templates.StepDone, said("line.accepted"), "", m.AcceptedAt)
		add(templates.StepDone, said("line.delivered"), "", m.ChangedAt)
	case "failed":
		if m.Reason == "undelivered" {
			add(templates.StepFailed, said("line.undelivered"), said("line.undelivered_note"), m.ChangedAt)
			break
		}
		add(templates.StepFailed, "line.failed", failedNote(m.Reason), m.ChangedAt)
	}
	return line
}

func retryingText(reason string) string {
	switch reason {
	case "waiting":
		return "line.waiting"
	case "other_provider", "undelivered":
		return "line.other_provider"
	}
	return "line.retrying"
}

func failedNote(reason string) string {
	switch reason {
	case "number", "account", "ours", "over", "resent":
		return "line.failed_" + reason
	}
	return "line.failed_expired"
}

// first is a value of the form or, on a GET, of the address.
func first(c echo.Context, name string) string {
	if c.Request().Method == http.MethodGet {
		return c.QueryParam(name)
	}
	return c.FormValue(name)
}
