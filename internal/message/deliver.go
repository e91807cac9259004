package message

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// Deliver sends message sendNo of a challenge, in three steps: a transaction that decides and writes the send as
// calling; the call, with no transaction open; and a transaction that writes its outcome. Before them it picks a
// provider and waits for a turn there. The end of the job is no part of them: a job that runs once more finds the
// outcome, and calls nobody. It returns nil when the message was taken, *Cancelled, *Later, or any other error for a
// retry. No error holds a code or a number.
func (s *Service) Deliver(ctx context.Context, challengeID int64, sendNo int) error {
	call, begun, err := s.first(ctx, challengeID, sendNo)
	if err == nil && !begun {
		call, err = s.again(ctx, challengeID, sendNo)
	}
	if err != nil {
		return err
	}
	began := time.Now()
	provider := call.provider
	outcome := s.providers.Send(ctx, provider, call.text)
	took := time.Since(began)
	// A shutdown may have ended ctx during the call; its outcome is worth a note all the same.
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	s.logger.InfoContext(ctx, "send", "challenge", challengeID, "send_no", sendNo, "provider", provider,
		"class", outcome.Class, "status", outcome.Status, "took", took.Round(time.Millisecond))
	s.meter.Sent(provider, outcome.Class, took)
	if outcome.Class == sms.Sent {
		return s.accept(noting, call, outcome)
	}
	s.updateBreaker(noting, provider, outcome)
	return s.refuse(noting, call, outcome)
}

// again is step one of whatever is not a first call that goes as it should: it looks at all that has happened.
func (s *Service) again(ctx context.Context, challengeID int64, sendNo int) (call, error) {
	provider, decision, err := s.chooseProvider(ctx, challengeID, sendNo)
	if err != nil {
		return call{}, err
	}
	return s.begin(ctx, challengeID, sendNo, provider, decision)
}

// chooseProvider finds the provider to ask and waits for its turn. Its decision on a message that is not to be sent is
// repeated by begin, under a lock.
func (s *Service) chooseProvider(ctx context.Context, challengeID int64, sendNo int) (string, decision, error) {
	// #nosec G115 -- 1 to 3
	p, err := s.q.SendPlan(ctx, s.pool, dbsqlc.SendPlanParams{ID: challengeID, SendNo: int16(sendNo)})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", over, nil
	}
	if err != nil {
		return "", "", fmt.Errorf("read challenge %d: %w", challengeID, err)
	}
	attempts, err := s.attempts(ctx, s.pool, p.MessageID)
	if err != nil {
		return "", "", err
	}
	v := decide(state{p.Now, p.ExpiresAt, p.EndedAt != nil, p.Final, int(p.SendsAsked) == sendNo, attempts})
	if v != goAhead {
		return "", v, nil
	}
	breakers, err := s.breakers(ctx)
	if err != nil {
		return "", "", err
	}
	route := s.providers.Route(p.Country, phone.Channel(p.Channel))
	for {
		name, v := choose(route, attempts, breakers)
		if v != goAhead {
			return "", v, nil
		}
		got, err := s.slot(ctx, name, factor.Purpose(p.Purpose).Urgent())
		if err != nil || got {
			return name, goAhead, err
		}
		if b := breakers[name]; !b.open {
			return "", later, nil // its turns are given away for seconds to come
		}
		breakers[name] = breaker{open: true, account: breakers[name].account} // another process probes it
	}
}

func (s *Service) attempts(ctx context.Context, tx dbsqlc.DBTX, messageID int64) (attempts, error) {
	rows, err := s.q.SendTally(ctx, tx, messageID)
	if err != nil {
		return nil, fmt.Errorf("count the sends of message %d: %w", messageID, err)
	}
	t := make(attempts, len(rows))
	for _, r := range rows {
		t[r.Provider] = attempt{
			int(r.MayHaveSent), int(r.Unknown), int(r.Sent), int(r.Refused), sms.Class(r.Why), r.RuledOut, r.Undelivered,
		}
	}
	return t, nil
}

// call is one send between its first and its last step.
type call struct {
	challengeID int64
	sendNo      int
	text        Text
	messageID   int64
	sendID      int64
	provider    string
	channel     string
	others      bool // another provider could be tried after this one
}

// begin is step one: it locks the challenge, decides, and writes the send as calling.
func (s *Service) begin(ctx context.Context, challengeID int64, sendNo int, provider string,
	picked decision) (call, error) {
	c := call{challengeID: challengeID, sendNo: sendNo, provider: provider}
	var answer error
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// #nosec G115 -- 1 to 3
		r, err := s.q.ChallengeForSend(ctx, tx, dbsqlc.ChallengeForSendParams{ID: challengeID, SendNo: int16(sendNo)})
		if errors.Is(err, pgx.ErrNoRows) {
			answer = &Cancelled{"gone"}
			return nil
		}
		if err != nil {
			return fmt.Errorf("lock challenge %d: %w", challengeID, err)
		}
		c.messageID, c.channel = r.MessageID, r.Channel
		if err := s.q.SendAbandon(ctx, tx, r.MessageID); err != nil {
			return fmt.Errorf("abandon a send of message %d: %w", r.MessageID, err)
		}
		attempts, err := s.attempts(ctx, tx, r.MessageID)
		if err != nil {
			return err
		}
		v := decide(state{r.Now, r.ExpiresAt, r.EndedAt != nil, r.MessageFinal, int(r.SendsAsked) == sendNo, attempts})
		if v == goAhead {
			v = picked
		}
		if v == later {
			answer = &Later{time.Second + s.jitter()}
			return s.set(ctx, tx, r.MessageID, "retrying", "waiting", false)
		}
		if v != goAhead || provider == "" {
			answer = &Cancelled{string(v)}
			return s.abandon(ctx, tx, r.MessageID, v)
		}
		code, err := s.codes.OpenCode(r.Ref, r.CodeCt)
		if err != nil {
			return fmt.Errorf("challenge %d: %w", challengeID, err)
		}
		c.text = Text{
			To: r.Number, Language: r.Language, Code: code, Ref: fmt.Sprintf("%s.%d", r.Ref, sendNo),
			Life: r.ExpiresAt.Sub(r.Now),
		}
		for _, name := range s.providers.Route(r.Country, phone.Channel(r.Channel)) {
			d := attempts[name]
			c.others = c.others || name != provider && !d.ruledOut && !d.undelivered
		}
		if c.sendID, err = s.q.SendInsert(ctx, tx, dbsqlc.SendInsertParams{MessageID: r.MessageID,
			Provider: provider}); err != nil {
			return fmt.Errorf("write a send of message %d: %w", r.MessageID, err)
		}
		return s.set(ctx, tx, r.MessageID, "calling", "", false)
	})
	if err != nil {
		return call{}, err
	}
	if answer != nil {
		return call{}, answer
	}
	return c, nil
}

// abandon tells the truth about a message that will not be sent (again).
func (s *Service) abandon(ctx context.Context, tx pgx.Tx, messageID int64, v decision) error {
	switch v {
	case done:
		return nil
	case unsure:
		return s.set(ctx, tx, messageID, "unsure", "no_answer", true)
	case noRoute:
		return s.set(ctx, tx, messageID, "failed", string(ours), true)
	}
	return s.set(ctx, tx, messageID, "failed", string(v), true)
}

func (s *Service) set(ctx context.Context, tx pgx.Tx, messageID int64, state, reason string, final bool) error {
	_, err := s.q.MessageStateSet(ctx, tx, dbsqlc.MessageStateSetParams{
		ID: messageID, State: state, Reason: reason, Final: final,
	})
	if err != nil {
		return fmt.Errorf("set message %d: %w", messageID, err)
	}
	return nil
}
