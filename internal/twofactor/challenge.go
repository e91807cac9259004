package twofactor

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

const (
	// CodeLife is 5 minutes from the challenge's creation, not from its sending; NIST SP 800-63B-4 allows 10.
	CodeLife = 5 * time.Minute
	// lastResend is the life a code needs for being sent again; with less a new one is made.
	lastResend = 90 * time.Second
	// maxOfSession challenges are made in one session, however often the user changes the number.
	maxOfSession = 6
	// maxLive challenges of one user live at once: who knows the password cannot flood the owner's phone.
	maxLive = 3
)

// resendWaits are the waits after the first, second and third message of a challenge.
var resendWaits = [...]time.Duration{30 * time.Second, 60 * time.Second, 120 * time.Second}

// ResendAt is when another message may be asked for, after sends messages of which the last was asked for at.
func ResendAt(sends int, at time.Time) time.Time {
	return at.Add(resendWaits[min(max(sends, 1), len(resendWaits))-1])
}

// SameCode reports whether a message asked for at now repeats the code: messages overtake each other, and
// a code that was rotated meanwhile is the main cause of "invalid code".
func SameCode(sends int, now, expires time.Time) bool {
	return sends < len(resendWaits) && expires.Sub(now) >= lastResend
}

// Challenge is a challenge as its own session sees it.
type Challenge struct {
	Purpose   factor.Purpose
	Number    phone.Number
	Typed     bool // its user typed the number in this session, and may see it whole
	Sends     int
	ExpiresAt time.Time
	EndedAt   time.Time // zero while it lives
	Outcome   string    // verified, expired, replaced, exhausted, abandoned; "" while it lives
	ResendAt  time.Time
	Message   Message
	// NothingSent reports that no message of the challenge can arrive. One before the newest may have brought the code.
	NothingSent bool
	Now         time.Time
}

// Live reports whether its code can still be entered.
func (c Challenge) Live() bool { return c.EndedAt.IsZero() && c.Now.Before(c.ExpiresAt) }

// Message is where the challenge's newest message stands.
type Message struct {
	State      string // queued, calling, retrying, unsure, accepted, delivered, failed
	Reason     string // why it is retrying, unsure or failed
	Final      bool
	QueuedAt   time.Time
	ChangedAt  time.Time
	AcceptedAt time.Time // zero until then
	Channel    phone.Channel
}

// Current returns the session's newest challenge, live or over, or ErrOver when it had none.
func (s *Service) Current(ctx context.Context, sess session.Session) (Challenge, error) {
	r, err := s.q.ChallengeOfSession(ctx, s.pool, sess.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Challenge{}, ErrOver
	}
	if err != nil {
		return Challenge{}, fmt.Errorf("read the challenge of session %d: %w", sess.ID, err)
	}
	c := Challenge{
		Purpose: factor.Purpose(r.Purpose), Number: phone.Number{E164: r.Number, Country: phone.Country(r.Country)},
		Typed: r.Typed, NothingSent: r.NothingSent,
		Sends: int(r.SendsAsked), ExpiresAt: r.ExpiresAt, Now: r.Now,
		ResendAt: ResendAt(int(r.SendsAsked), r.AskedAt),
		Message: Message{
			State: r.MessageState, Reason: r.MessageReason, Final: r.MessageFinal, QueuedAt: r.MessageQueuedAt,
			ChangedAt: r.MessageChangedAt, Channel: phone.Channel(r.MessageChannel),
		},
	}
	if r.EndedAt != nil {
		c.EndedAt, c.Outcome = *r.EndedAt, *r.Outcome
	}
	if r.MessageAcceptedAt != nil {
		c.Message.AcceptedAt = *r.MessageAcceptedAt
	}
	return c, nil
}

// newRef draws 128 bits as 26 lower-case characters: with a send number it fits the provider's 40.
func newRef() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
}
