package message

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// finish is step three: the outcome, what the user is told, and the end of the job, in one transaction.
func (s *Service) finish(
	ctx context.Context, c call, o sms.Outcome, complete func(context.Context, pgx.Tx) error,
) error {
	var answer error
	var after dbsqlc.SendFinishRow
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// A receipt may come at the same time: whoever is second sees what the first wrote.
		m, err := s.q.MessageLock(ctx, tx, c.messageID)
		if err != nil {
			return fmt.Errorf("lock message %d: %w", c.messageID, err)
		}
		after, err = s.q.SendFinish(ctx, tx, dbsqlc.SendFinishParams{
			ID: c.sendID, State: sendState(o.Class), Class: string(o.Class), Status: o.Status, Reason: string(o.Reason),
			ProviderID: o.ProviderID, Price: o.Price, Network: o.Network, Balance: o.Balance,
		})
		if err != nil {
			return fmt.Errorf("write the outcome of send %d: %w", c.sendID, err)
		}
		if o.Class != sms.Sent {
			var next status
			next, answer = s.refused(c, o)
			return s.set(ctx, tx, c.messageID, next.state, next.reason, next.final)
		}
		if err := s.accept(ctx, tx, c, m, o, after); err != nil {
			return err
		}
		return complete(ctx, tx)
	})
	if err != nil {
		return err
	}
	if o.Class == sms.Sent {
		s.meter.Accepted(c.channel, after.Now.Sub(after.QueuedAt))
		if after.Over {
			s.meter.Wasted(c.provider)
		}
	}
	return answer
}

// accept writes that a provider took a message: what it cost, and whether more will be heard of it.
func (s *Service) accept(
	ctx context.Context, tx pgx.Tx, c call, m dbsqlc.MessageLockRow, o sms.Outcome, after dbsqlc.SendFinishRow,
) error {
	if err := s.addCost(ctx, tx, c, o, after); err != nil {
		return err
	}
	state, final := "accepted", !o.Awaited
	if o.Arrived {
		state, final = "delivered", true
	}
	if err := s.set(ctx, tx, c.messageID, state, "", final); err != nil {
		return err
	}
	if o.Awaited && o.ProviderID != "" {
		return s.applyEarly(ctx, tx, c, m, o.ProviderID)
	}
	return nil
}

// status is what is said of a message.
type status struct {
	state, reason string
	final         bool
}

// refused returns what is said of a message after a call that did not succeed, and how its job ends.
func (s *Service) refused(c call, o sms.Outcome) (status, error) {
	switch o.Class {
	case sms.Wait:
		return status{"retrying", "busy", false}, &Later{max(o.After, time.Second+s.jitter())}
	case sms.Retry:
		if o.After > 0 {
			return status{"retrying", "busy", false}, &Later{o.After}
		}
		return status{"retrying", "busy", false}, fmt.Errorf("%s refused for now (%s)", c.provider, o.Status)
	case sms.Ours, sms.Account, sms.Number:
		if c.others && o.Class != sms.Number {
			return status{"retrying", "other_provider", false}, &Later{0}
		}
		return status{"failed", string(o.Class), true},
			&Cancelled{fmt.Sprintf("%s refused (%s, status %s)", c.provider, o.Class, o.Status)}
	}
	// Unknown: the next run counts this call, and either calls once more or stops.
	return status{"unsure", "no_answer", false}, fmt.Errorf("%s did not answer (%s)", c.provider, o.Status)
}

func (s *Service) addCost(ctx context.Context, tx pgx.Tx, c call, o sms.Outcome, after dbsqlc.SendFinishRow) error {
	if after.OfficeID == 0 {
		return nil
	}
	err := s.q.CostAdd(ctx, tx, dbsqlc.CostAddParams{
		OfficeID: after.OfficeID, Provider: c.provider, Country: after.Country, Network: o.Network, Price: o.Price,
	})
	if err != nil {
		return fmt.Errorf("add the cost of send %d: %w", c.sendID, err)
	}
	return nil
}

func sendState(c sms.Class) string {
	switch c {
	case sms.Sent:
		return "sent"
	case sms.Unknown:
		return "unknown"
	}
	return "refused"
}
