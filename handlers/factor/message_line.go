package factor

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/factor"
)

// delayedAfter is when a message that is still not with the provider is called delayed.
const delayedAfter = 8 * time.Second

// MessageLine is the live line. It takes no id: whose message it is, the cookie says.
func (s *Screens) MessageLine(c echo.Context) error {
	challenge, err := s.factors.Current(c.Request().Context(), web.CurrentSession(c))
	if errors.Is(err, twofactor.ErrOver) {
		return web.Fragment(c, http.StatusOK, pages.CodeLine, s.Lang(c), pages.MessageLine{})
	}
	if err != nil {
		return err
	}
	return web.Fragment(c, http.StatusOK, pages.CodeLine, s.Lang(c), s.line(c, challenge))
}

// line tells the truth about the challenge's newest message.
func (s *Screens) line(c echo.Context, challenge twofactor.Challenge) pages.MessageLine {
	m := challenge.Message
	resendOpen := !challenge.Now.Before(challenge.ResendAt)
	line := pages.MessageLine{URL: placesOf(web.CurrentSession(c)).message,
		Poll: challenge.Live() && (!m.Final || !resendOpen)}
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
