package message

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// ErrOver says that the code of a call must not be spoken any more.
var ErrOver = fault.New(fault.Ended, "the challenge is over")

// Receive takes a receipt: late, twice, out of order, or before our own note of the send. It moves the message's
// state and, after a failure, has the next provider try; it never confirms a number and never admits anybody. A
// receipt of a message that we do not know is dropped.
func (s *Service) Receive(ctx context.Context, r sms.Receipt) error {
	ref, sendNo := splitRef(r.Ref)
	m, err := s.q.MessageByRef(ctx, s.pool, dbsqlc.MessageByRefParams{Ref: ref, SendNo: sendNo})
	if errors.Is(err, pgx.ErrNoRows) {
		s.meter.Received(r.Provider, "unmatched")
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the message of a receipt: %w", err)
	}
	if r.ProviderID == "" {
		r.ProviderID = r.Ref // a receipt without an id still counts once for its message
	}
	var moved bool
	var queuedAt, now time.Time
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		n, err := s.q.ReceiptInsert(ctx, tx, dbsqlc.ReceiptInsertParams{
			MessageID: m.ID, Provider: r.Provider, ProviderID: r.ProviderID, Status: string(r.Status), ErrorCode: r.ErrorCode,
			Reason: string(r.Reason), Network: r.Network,
		})
		if err != nil {
			return fmt.Errorf("keep a receipt of message %d: %w", m.ID, err)
		}
		if n == 0 {
			return nil // it came before
		}
		moved = true
		locked, err := s.q.MessageLock(ctx, tx, m.ID)
		if err != nil {
			return fmt.Errorf("lock message %d: %w", m.ID, err)
		}
		queuedAt, now = locked.QueuedAt, locked.Now
		return s.apply(ctx, tx, r, sending{
			m.ID, m.ChallengeID, int(m.SendNo), factor.Purpose(m.Purpose).Urgent(), locked.Final,
		})
	})
	if err != nil || !moved {
		return err
	}
	s.meter.Received(r.Provider, r.Status)
	if r.Status == sms.Delivered {
		s.meter.Delivered(m.Channel, now.Sub(queuedAt))
	}
	s.logger.InfoContext(ctx, "receipt", "message", m.ID, "provider", r.Provider, "status", r.Status,
		"error_code", r.ErrorCode)
	return nil
}

// sending is the message that a receipt speaks of, locked.
type sending struct {
	messageID, challengeID int64
	sendNo                 int
	urgent                 bool
	final                  bool
}

// apply moves a message as its receipt says. A final state stays what it is.
func (s *Service) apply(ctx context.Context, tx pgx.Tx, r sms.Receipt, m sending) error {
	if m.final {
		return nil
	}
	switch r.Status {
	case sms.Delivered:
		if _, err := s.markSend(ctx, tx, r, m, "delivered"); err != nil {
			return err
		}
		return s.set(ctx, tx, m.messageID, "delivered", "", true)
	case sms.Buffered, sms.Answered:
		// Only what the provider has can wait at the carrier; a message that is tried anew is further on.
		_, err := s.q.MessageReasonSet(ctx, tx, dbsqlc.MessageReasonSetParams{ID: m.messageID, Reason: string(r.Status)})
		if err != nil {
			return fmt.Errorf("set message %d: %w", m.messageID, err)
		}
		return nil
	case sms.Expired, sms.Failed, sms.Rejected:
		known, err := s.markSend(ctx, tx, r, m, "undelivered")
		if err != nil || !known {
			return err // early: the end of the send will find this receipt
		}
		return s.tryNext(ctx, tx, m)
	}
	return nil
}

// markSend writes what a receipt said beside its send, if we know that send by its id already and had no end of it.
func (s *Service) markSend(ctx context.Context, tx pgx.Tx, r sms.Receipt, m sending, said string) (bool, error) {
	n, err := s.q.SendReceiptSet(ctx, tx, dbsqlc.SendReceiptSetParams{
		MessageID: m.messageID, Provider: r.Provider, ProviderID: r.ProviderID, Receipt: said,
	})
	if err != nil {
		return false, fmt.Errorf("mark a send of message %d: %w", m.messageID, err)
	}
	return n > 0, nil
}

// tryNext queues the message again after the carrier gave up, unless another call may still bring it. The job finds
// out whether a provider and a life are left, and says so to the user where not.
func (s *Service) tryNext(ctx context.Context, tx pgx.Tx, m sending) error {
	others, err := s.q.SendOthersUnderWay(ctx, tx, m.messageID)
	if err != nil {
		return fmt.Errorf("count the sends of message %d: %w", m.messageID, err)
	}
	if others > 0 {
		return nil
	}
	sends, err := s.q.SendCount(ctx, tx, m.messageID)
	if err != nil {
		return fmt.Errorf("count the sends of message %d: %w", m.messageID, err)
	}
	if err := s.set(ctx, tx, m.messageID, "retrying", "undelivered", false); err != nil {
		return err
	}
	return s.queue.SendAgain(ctx, tx, m.challengeID, m.sendNo, int(sends), m.urgent)
}

// applyEarly applies the receipts that came before the answer to their send was written down.
func (s *Service) applyEarly(ctx context.Context, tx pgx.Tx, c call, purpose, providerID string) error {
	statuses, err := s.q.ReceiptStatuses(ctx, tx, dbsqlc.ReceiptStatusesParams{Provider: c.provider,
		ProviderID: providerID})
	if err != nil {
		return fmt.Errorf("read the receipts of message %d: %w", c.messageID, err)
	}
	at := sending{c.messageID, c.challengeID, c.sendNo, factor.Purpose(purpose).Urgent(), false}
	if slices.Contains(statuses, string(sms.Delivered)) {
		statuses = []string{string(sms.Delivered)}
	}
	for _, status := range statuses {
		if err := s.apply(ctx, tx, sms.Receipt{Provider: c.provider, ProviderID: providerID,
			Status: sms.ReceiptStatus(status)}, at); err != nil {
			return err
		}
	}
	return nil
}

// Spoken returns the code of a call's message and the language to speak it in. It returns ErrOver
// when the challenge is used, replaced or expired, or there is no such message.
func (s *Service) Spoken(ctx context.Context, ref string) (code, language string, err error) {
	ref, sendNo := splitRef(ref)
	r, err := s.q.ChallengeSpoken(ctx, s.pool, dbsqlc.ChallengeSpokenParams{Ref: ref, SendNo: sendNo})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", ErrOver
	}
	if err != nil {
		return "", "", fmt.Errorf("find the code of a call: %w", err)
	}
	code, err = s.codes.OpenCode(ref, r.CodeCt)
	return code, r.Language, err
}

// splitRef takes "<challenge ref>.<send_no>" apart; 0 is no message.
func splitRef(s string) (ref string, sendNo int16) {
	ref, number, _ := strings.Cut(s, ".")
	if n, err := strconv.ParseInt(number, 10, 16); err == nil {
		sendNo = int16(n)
	}
	return ref, sendNo
}
