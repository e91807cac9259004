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

// accept is step three of a call that the provider took: the outcome, where the message stands and what it cost.
func (s *Service) accept(ctx context.Context, c call, o sms.Outcome) error {
	state, final := "accepted", !o.Awaited
	if o.Arrived {
		state, final = "delivered", true
	}
	var row dbsqlc.SendAcceptRow
	write := func(tx dbsqlc.DBTX) (err error) {
		row, err = s.q.SendAccept(ctx, tx, dbsqlc.SendAcceptParams{
			MessageID: c.messageID, ID: c.sendID, Status: o.Status, ProviderID: o.ProviderID, Price: o.Price,
			Network: o.Network, Balance: o.Balance, State: state, Final: final, Provider: c.provider,
		})
		if err != nil {
			return fmt.Errorf("write the outcome of send %d: %w", c.sendID, err)
		}
		return nil
	}
	var err error
	if o.Awaited && o.ProviderID != "" {
		err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			if err := write(tx); err != nil {
				return err
			}
			return s.applyEarly(ctx, tx, c, row.Purpose, o.ProviderID)
		})
	} else {
		err = write(s.pool) // one statement
	}
	if err != nil {
		return err
	}
	if row.ProviderNews {
		s.updateBreaker(ctx, c.provider, o)
	}
	s.meter.Accepted(c.channel, row.Now.Sub(row.QueuedAt))
	if row.Over {
		s.meter.Wasted(c.provider)
	}
	return nil
}

// refuse is step three of any other call: the outcome and what the user is told, in one transaction. It returns how
// the job goes on.
func (s *Service) refuse(ctx context.Context, c call, o sms.Outcome) error {
	next, answer := s.refused(c, o)
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// A receipt may come at the same time: whoever is second sees what the first wrote.
		if _, err := s.q.MessageLock(ctx, tx, c.messageID); err != nil {
			return fmt.Errorf("lock message %d: %w", c.messageID, err)
		}
		err := s.q.SendFinish(ctx, tx, dbsqlc.SendFinishParams{
			ID: c.sendID, State: sendState(o.Class), Class: string(o.Class), Status: o.Status, Reason: string(o.Reason),
			ProviderID: o.ProviderID, Price: o.Price, Network: o.Network, Balance: o.Balance,
		})
		if err != nil {
			return fmt.Errorf("write the outcome of send %d: %w", c.sendID, err)
		}
		return s.set(ctx, tx, c.messageID, next.state, next.reason, next.final)
	})
	if err != nil {
		return err
	}
	return answer
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

func sendState(c sms.Class) string {
	if c == sms.Unknown {
		return "unknown"
	}
	return "refused"
}
