// Package message takes a text on its way: the sends, their outcomes, and what the waiting user is told.
//
// The rules it protects: a code goes out although a process dies, and it goes out at most twice; a
// challenge that is over sends nothing; and no message is shown as sent unless the provider said so.
// Start at Deliver, the three steps of one send.
package message

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/twofactor"
)

const (
	// leastLife is what a code needs to be worth sending; it is also the provider's least ttl.
	leastLife = 20 * time.Second
	// maxCalls that may have sent one message: after an outcome that nobody knows, once more.
	maxCalls = 2
	// noteTimeout bounds writing an outcome down after the job's own context is over.
	noteTimeout = 5 * time.Second
)

// Text is one code to one number. It is never logged.
type Text struct {
	To       string // E.164
	Language string // "en" or "nl"
	Code     string
	Ref      string        // what the provider echoes: no person and no code
	Life     time.Duration // how much longer the code lives
}

// Class says what an outcome means for the next step: vonage.md's table, for any provider.
type Class string

// The classes of outcomes.
const (
	Sent    Class = "sent"    // accepted by the provider
	Wait    Class = "wait"    // throttled: a little later, without counting
	Retry   Class = "retry"   // provably not sent: soon again
	Ours    Class = "ours"    // our request is wrong
	Account Class = "account" // the provider refuses our account
	Number  Class = "number"  // this number cannot get messages
	Unknown Class = "unknown" // it may have been sent
)

// Outcome is how one call to a provider ended.
type Outcome struct {
	Class      Class
	Status     string        // the provider's status in a few safe words
	After      time.Duration // the wait it asked for, 0 if none
	Arrived    bool          // it is on the phone already: the demo phone knows
	ProviderID string
	Price      string
	Network    string
	Balance    string
}

// Sender makes one call to a provider. Every ending is an outcome.
type Sender interface {
	Send(ctx context.Context, t Text) Outcome
}

// Cancelled says that the job must not run again: nothing is left to send, or nothing can be.
type Cancelled struct{ Reason string }

func (c *Cancelled) Error() string { return c.Reason }

// Later says that the job should run again after a wait, without counting as a try.
type Later struct{ After time.Duration }

func (l *Later) Error() string { return fmt.Sprintf("again in %s", l.After) }

// Service delivers the messages of all challenges.
type Service struct {
	pool     *db.Pool
	q        *dbsqlc.Queries
	codes    *twofactor.Service
	sender   Sender
	provider string
	logger   *slog.Logger
	jitter   func() time.Duration // up to 2 s
}

// New makes the Service. provider is the sender's name in the sends; jitter spreads waits over 0 to 2 s.
func New(pool *db.Pool, codes *twofactor.Service, sender Sender, provider string, logger *slog.Logger, jitter func() time.Duration) *Service {
	return &Service{pool, dbsqlc.New(), codes, sender, provider, logger, jitter}
}

// Deliver sends message sendNo of a challenge, in three steps: a transaction that decides and writes the
// send as calling; the call, with no transaction open; and a transaction that writes its outcome and, by
// complete, completes the job. It answers nil when the job is completed, *Cancelled, *Later, or any other
// error for a retry. No error holds a code or a number.
func (s *Service) Deliver(ctx context.Context, challengeID int64, sendNo int, complete func(context.Context, pgx.Tx) error) error {
	call, err := s.begin(ctx, challengeID, sendNo)
	if err != nil {
		return err
	}
	outcome := s.sender.Send(ctx, call.text)
	// A shutdown may have ended ctx during the call; its outcome is worth a note all the same.
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	s.logger.InfoContext(ctx, "send", "challenge", challengeID, "send_no", sendNo, "provider", s.provider,
		"class", outcome.Class, "status", outcome.Status)
	return s.finish(noting, call, outcome, complete)
}

// call is one send between its first and its last step.
type call struct {
	text      Text
	messageID int64
	sendID    int64
}

// begin is step one: it locks the challenge, decides, and writes the send as calling.
func (s *Service) begin(ctx context.Context, challengeID int64, sendNo int) (call, error) {
	var c call
	var cancelled *Cancelled
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		r, err := s.q.ChallengeForSend(ctx, tx, dbsqlc.ChallengeForSendParams{ID: challengeID, SendNo: int16(sendNo)}) // #nosec G115 -- 1 to 3
		if errors.Is(err, pgx.ErrNoRows) {
			cancelled = &Cancelled{"gone"}
			return nil
		}
		if err != nil {
			return fmt.Errorf("lock challenge %d: %w", challengeID, err)
		}
		c.messageID = r.MessageID
		if err := s.q.SendAbandon(ctx, tx, r.MessageID); err != nil {
			return fmt.Errorf("abandon a send of message %d: %w", r.MessageID, err)
		}
		calls, err := s.q.SendCalls(ctx, tx, r.MessageID)
		if err != nil {
			return fmt.Errorf("count the sends of message %d: %w", r.MessageID, err)
		}
		verdict := decide(state{
			now: r.Now, expires: r.ExpiresAt, over: r.EndedAt != nil, final: r.MessageFinal,
			newest: int(r.SendsAsked) == sendNo, mayHaveSent: int(calls.MayHaveSent), sent: calls.Sent > 0,
		})
		if verdict != goAhead {
			cancelled = &Cancelled{string(verdict)}
			return s.giveUp(ctx, tx, r.MessageID, verdict)
		}
		code, err := s.codes.OpenCode(r.Ref, r.CodeCt)
		if err != nil {
			return fmt.Errorf("challenge %d: %w", challengeID, err)
		}
		c.text = Text{
			To: r.Number, Language: r.Language, Code: code, Ref: fmt.Sprintf("%s.%d", r.Ref, sendNo), Life: r.ExpiresAt.Sub(r.Now),
		}
		if c.sendID, err = s.q.SendInsert(ctx, tx, dbsqlc.SendInsertParams{MessageID: r.MessageID, Provider: s.provider}); err != nil {
			return fmt.Errorf("write a send of message %d: %w", r.MessageID, err)
		}
		return s.set(ctx, tx, r.MessageID, "calling", "", false)
	})
	if err != nil {
		return call{}, err
	}
	if cancelled != nil {
		return call{}, cancelled
	}
	return c, nil
}

// verdict is what step one decides.
type verdict string

const (
	goAhead  verdict = "send"
	done     verdict = "done"     // already sent
	over     verdict = "over"     // used, replaced or abandoned
	expired  verdict = "expired"  //
	tooLate  verdict = "too_late" // under 20 s left
	replaced verdict = "resent"   // the user asked for another message meanwhile
	unsure   verdict = "unsure"   // two calls may have sent it
)

// state is what decide judges.
type state struct {
	now, expires time.Time
	over         bool // the challenge has ended
	final        bool // the message has its last state
	newest       bool // no later message of the challenge was asked for
	mayHaveSent  int
	sent         bool
}

func decide(s state) verdict {
	switch left := s.expires.Sub(s.now); {
	case s.final, s.sent:
		return done
	case s.over:
		return over
	case left <= 0:
		return expired
	case left < leastLife:
		return tooLate
	case !s.newest:
		return replaced
	case s.mayHaveSent >= maxCalls:
		return unsure
	}
	return goAhead
}

// giveUp tells the truth about a message that will not be sent (again).
func (s *Service) giveUp(ctx context.Context, tx pgx.Tx, messageID int64, v verdict) error {
	switch v {
	case done:
		return nil
	case unsure:
		return s.set(ctx, tx, messageID, "unsure", "no_answer", true)
	}
	return s.set(ctx, tx, messageID, "failed", string(v), true)
}

// finish is step three: the outcome, what the user is told, and the end of the job, in one transaction.
func (s *Service) finish(ctx context.Context, c call, o Outcome, complete func(context.Context, pgx.Tx) error) error {
	var answer error
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		err := s.q.SendFinish(ctx, tx, dbsqlc.SendFinishParams{
			ID: c.sendID, State: sendState(o.Class), Class: string(o.Class), Status: o.Status, ProviderID: o.ProviderID,
			Price: o.Price, Network: o.Network, Balance: o.Balance,
		})
		if err != nil {
			return fmt.Errorf("write the outcome of send %d: %w", c.sendID, err)
		}
		switch o.Class {
		case Sent:
			state := "accepted"
			if o.Arrived {
				state = "delivered"
			}
			if err := s.set(ctx, tx, c.messageID, state, "", true); err != nil {
				return err
			}
			return complete(ctx, tx)
		case Wait:
			answer = &Later{max(o.After, time.Second+s.jitter())}
			return s.set(ctx, tx, c.messageID, "retrying", "busy", false)
		case Retry:
			answer = fmt.Errorf("%s refused for now (%s)", s.provider, o.Status)
			if o.After > 0 {
				answer = &Later{o.After}
			}
			return s.set(ctx, tx, c.messageID, "retrying", "busy", false)
		case Ours, Account, Number:
			answer = &Cancelled{fmt.Sprintf("%s refused (%s, status %s)", s.provider, o.Class, o.Status)}
			return s.set(ctx, tx, c.messageID, "failed", string(o.Class), true)
		}
		// Unknown: the next run counts this call, and either calls once more or stops.
		answer = fmt.Errorf("%s did not answer (%s)", s.provider, o.Status)
		return s.set(ctx, tx, c.messageID, "unsure", "no_answer", false)
	})
	if err != nil {
		return err
	}
	return answer
}

func sendState(c Class) string {
	switch c {
	case Sent:
		return "sent"
	case Unknown:
		return "unknown"
	}
	return "refused"
}

func (s *Service) set(ctx context.Context, tx pgx.Tx, messageID int64, state, reason string, final bool) error {
	err := s.q.MessageStateSet(ctx, tx, dbsqlc.MessageStateSetParams{ID: messageID, State: state, Reason: reason, Final: final})
	if err != nil {
		return fmt.Errorf("set message %d: %w", messageID, err)
	}
	return nil
}
