package factor

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/factor"
)

// delayedAfter is when a message that is still not with the provider is called delayed.
const delayedAfter = 8 * time.Second

// MessageLine is the live line. It takes no id: whose message it is, the cookie says. A page that shows what is true
// gets nothing, so that nothing in it changes and nobody is told twice. When the message failed for good the page is
// another one.
func (s *Screens) MessageLine(c echo.Context) error {
	challenge, err := s.factors.Current(c.Request().Context(), web.CurrentSession(c))
	var line pages.MessageLine
	if err == nil {
		line = s.line(c, challenge)
	} else if !errors.Is(err, twofactor.ErrOver) {
		return err
	}
	switch shown := c.Request().Header.Get(web.HeaderShown); {
	case shown == "":
		return web.Fragment(c, http.StatusOK, pages.CodeLine, s.Lang(c), line)
	case shown == line.Version():
		return s.Unchanged(c, unlessNews(challenge))
	case err == nil && challenge.Live() && notSent(challenge):
		next := web.SafePath(c.QueryParam("next"), "")
		c.Response().Header().Set("HX-Redirect", paths.Next(placesOf(web.CurrentSession(c)).code, next))
		return c.NoContent(http.StatusNoContent)
	}
	return web.Fragment(c, http.StatusOK, pages.CodeLine, s.Lang(c), line)
}

// unlessNews is how long the line of a challenge stays what it is while nothing happens to its messages; 0 when there
// is none.
func unlessNews(challenge twofactor.Challenge) time.Duration {
	next := challenge.ExpiresAt
	for _, at := range []time.Time{challenge.Message.QueuedAt.Add(delayedAfter), challenge.ResendAt} {
		if at.After(challenge.Now) && at.Before(next) {
			next = at
		}
	}
	return max(0, next.Sub(challenge.Now))
}

// notSent reports whether no message of the challenge can arrive any more.
func notSent(challenge twofactor.Challenge) bool {
	m := challenge.Message
	return challenge.NothingSent && m.Final && m.State == "failed" && m.Reason != "over" && m.Reason != "resent"
}

// line tells the truth about the challenge's newest message.
func (s *Screens) line(c echo.Context, challenge twofactor.Challenge) pages.MessageLine {
	m := challenge.Message
	resendOpen := !challenge.Now.Before(challenge.ResendAt)
	next := web.SafePath(web.Value(c, "next"), "")
	line := pages.MessageLine{
		URL: paths.Next(placesOf(web.CurrentSession(c)).message, next), Poll: challenge.Live() && (!m.Final || !resendOpen),
	}
	add := func(state templates.StepState, id, note string, at time.Time) {
		step := pages.LineStep{State: state, Text: s.T(c, id), At: at}
		if note != "" {
			step.Note = s.T(c, note)
		}
		line.Steps = append(line.Steps, step)
	}
	said := func(id string) string { return id + bySuffix(m.Channel) }
	add(templates.StepDone, "line.queued", "", m.QueuedAt)
	delayed := ""
	if challenge.Now.Sub(m.QueuedAt) >= delayedAfter {
		delayed = "line.delayed_note"
	}
	line.State, line.Say = s.sentence(c, challenge, delayed != "")
	if m.State == "delivered" {
		line.SaidAt = m.ChangedAt
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

// sentence is the one that readers are told: what it means for them, not what providers do.
func (s *Screens) sentence(c echo.Context, challenge twofactor.Challenge, delayed bool) (templates.StepState, string) {
	m := challenge.Message
	say := func(state templates.StepState, id string) (templates.StepState, string) {
		return state, s.T(c, id, "Number", shownTo(challenge))
	}
	switch {
	case m.State == "delivered":
		return say(templates.StepDone, "say.delivered"+bySuffix(m.Channel))
	case m.State == "failed" && m.Reason == "over":
		return say(templates.StepDone, "line.failed_over")
	case m.State == "failed" && notSent(challenge):
		return say(templates.StepFailed, "say.failed"+bySuffix(m.Channel))
	case m.State == "failed":
		return say(templates.StepFailed, "say.failed_again")
	case m.State == "unsure" && m.Final:
		return say(templates.StepFailed, "say.unsure")
	case m.State == "accepted" && m.Reason == "buffered":
		return say(templates.StepCurrent, "say.buffered")
	case m.State == "accepted" && m.Reason == "answered":
		return say(templates.StepCurrent, "say.answered")
	case m.State != "accepted" && delayed:
		return say(templates.StepCurrent, "say.delayed")
	}
	return say(templates.StepCurrent, "say.on_its_way"+bySuffix(m.Channel))
}

// shownTo is the number as the challenge's own session sees it: whole for who has just typed it and has to check it,
// masked for everybody else.
func shownTo(challenge twofactor.Challenge) string {
	if challenge.Typed {
		return web.Unbroken(challenge.Number.International())
	}
	return web.Masked(challenge.Number.E164)
}

// bySuffix ends the keys of sentences that a call has of its own.
func bySuffix(channel phone.Channel) string {
	if channel == phone.ByCall {
		return "_call"
	}
	return ""
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
