package twofactor

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Purpose is what the right code of a challenge does.
type Purpose string

// The purposes.
const (
	PurposeSignIn  Purpose = "sign_in"        // finish a log-in with the number on file
	PurposeConfirm Purpose = "confirm_number" // finish a log-in and save the number as confirmed
	PurposeChange  Purpose = "change_number"  // replace the user's own number, in settings
	PurposeFresh   Purpose = "fresh_factor"   // prove the present factor once more, in settings
)

// Channel is how a code reaches the phone.
type Channel string

// The channels.
const (
	SMS  Channel = "sms"
	Call Channel = "call"
)

const (
	// CodeLife: 5 minutes from the challenge's creation, not from its sending; NIST SP 800-63B-4 allows 10.
	CodeLife = 5 * time.Minute
	// MaxTries wrong codes end a challenge: 5 in 10⁶.
	MaxTries = 5
	// lastResend is the life a code needs for being sent again; with less a new one is made.
	lastResend = 90 * time.Second
	// maxOfSession challenges are made in one session, however often the user changes the number.
	maxOfSession = 6
	// maxLive challenges of one user live at once: who knows the password cannot flood the owner's phone.
	maxLive = 3
	// codePurpose and its seal: the uses of the key ring.
	codePurpose = "challenge code"
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
	Purpose   Purpose
	Number    phone.Number
	Sends     int
	ExpiresAt time.Time
	EndedAt   time.Time // zero while it lives
	Outcome   string    // verified, expired, replaced, exhausted, abandoned; "" while it lives
	ResendAt  time.Time
	Message   Message
	Now       time.Time
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
	Channel    Channel
}

// Current answers the session's newest challenge, live or over, or ErrOver when it had none.
func (s *Service) Current(ctx context.Context, sess session.Session) (Challenge, error) {
	r, err := s.q.ChallengeOfSession(ctx, s.pool, sess.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Challenge{}, ErrOver
	}
	if err != nil {
		return Challenge{}, fmt.Errorf("read the challenge of session %d: %w", sess.ID, err)
	}
	c := Challenge{
		Purpose: Purpose(r.Purpose), Number: phone.Number{E164: r.Number, Country: phone.Country(r.Country)},
		Sends: int(r.SendsAsked), ExpiresAt: r.ExpiresAt, ResendAt: ResendAt(int(r.SendsAsked), r.AskedAt), Now: r.Now,
		Message: Message{State: r.MessageState, Reason: r.MessageReason, Final: r.MessageFinal, QueuedAt: r.MessageQueuedAt, ChangedAt: r.MessageChangedAt, Channel: Channel(r.MessageChannel)},
	}
	if r.EndedAt != nil {
		c.EndedAt, c.Outcome = *r.EndedAt, *r.Outcome
	}
	if r.MessageAcceptedAt != nil {
		c.Message.AcceptedAt = *r.MessageAcceptedAt
	}
	return c, nil
}

// SendOnFile sends a code to the number on file: for a pending log-in whose user chose the text message or
// checked an unconfirmed number, or in settings to prove the present factor once more. While such a code
// is under way nothing more is sent. It answers ErrNotAllowed when there is no such number, *Limited, *Wait.
func (s *Service) SendOnFile(ctx context.Context, sess session.Session, language string) error {
	return s.tellLimit(ctx, sess, db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lockUser(ctx, tx, sess.User.OfficeID, sess.User.ID); err != nil {
			return err
		}
		methods, err := s.methods(ctx, tx, sess.User.ID)
		if err != nil {
			return err
		}
		switch {
		case sess.User.IsOperator():
			return ErrNotAllowed
		case !sess.Pending() && methods.SMS() != nil:
			return s.startUnlessLive(ctx, tx, sess, PurposeFresh, *methods.SMS(), language)
		case sess.Pending() && methods.SMS() != nil:
			return s.startUnlessLive(ctx, tx, sess, PurposeSignIn, *methods.SMS(), language)
		case sess.Pending() && methods.Unconfirmed() != nil:
			return s.startUnlessLive(ctx, tx, sess, PurposeConfirm, *methods.Unconfirmed(), language)
		}
		return ErrNotAllowed
	}))
}

// SendTo sends a code to a number the user typed: to enrol at the log-in, for who has no factor yet, or to
// change the own number in settings, with a fresh proof. It answers ErrHasFactor, ErrNotFresh, *Limited, *Wait.
func (s *Service) SendTo(ctx context.Context, sess session.Session, number phone.Number, language string) error {
	return s.tellLimit(ctx, sess, db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lockUser(ctx, tx, sess.User.OfficeID, sess.User.ID); err != nil {
			return err
		}
		methods, err := s.methods(ctx, tx, sess.User.ID)
		if err != nil {
			return err
		}
		if sess.User.IsOperator() {
			return ErrNotAllowed // an operator has an app from the command line, and nothing else
		}
		if sess.Pending() {
			if methods.HasFactor() {
				return ErrHasFactor
			}
			return s.startUnlessLive(ctx, tx, sess, PurposeConfirm, number, language)
		}
		if !Fresh(sess, methods) {
			return ErrNotFresh
		}
		return s.startUnlessLive(ctx, tx, sess, PurposeChange, number, language)
	}))
}

// startUnlessLive leaves a live challenge of the same purpose and number alone: who goes back and forth
// between pages is not sent a second message.
func (s *Service) startUnlessLive(ctx context.Context, tx pgx.Tx, sess session.Session, purpose Purpose, number phone.Number, language string) error {
	live, err := s.q.ChallengeLock(ctx, tx, sess.ID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("lock the challenge of session %d: %w", sess.ID, err)
	}
	if err == nil && live.Now.Before(live.ExpiresAt) && Purpose(live.Purpose) == purpose && live.Number == number.E164 {
		return nil
	}
	return s.start(ctx, tx, sess, purpose, number, language, SMS)
}

// mayAskAgain answers ErrHasFactor, ErrNotFresh or ErrNotAllowed when what a challenge was made for is not
// the session's to do any more: the user has enrolled elsewhere, or, for a new code, the proof is stale.
func mayAskAgain(sess session.Session, m Methods, purpose Purpose, anew bool) error {
	switch {
	case purpose == PurposeConfirm && m.HasFactor():
		return ErrHasFactor
	case purpose == PurposeChange && anew && !Fresh(sess, m):
		return ErrNotFresh
	case (purpose == PurposeSignIn || purpose == PurposeFresh) && m.SMS() == nil:
		return ErrNotAllowed
	}
	return nil
}

// Resend sends the code again, as a text or by a call; late in its life a new one. It answers *TooSoon, ErrOver,
// *Limited, *Wait, and what SendTo and SendOnFile would answer now.
func (s *Service) Resend(ctx context.Context, sess session.Session, language string, channel Channel) error {
	return s.tellLimit(ctx, sess, db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// The user's row first, then the challenge: the order everywhere, so that two requests never deadlock.
		if _, err := s.lockUser(ctx, tx, sess.User.OfficeID, sess.User.ID); err != nil {
			return err
		}
		last, err := s.q.ChallengeOfSession(ctx, tx, sess.ID)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && last.Outcome != nil && *last.Outcome != "expired" {
			return ErrOver
		}
		if err != nil {
			return fmt.Errorf("read the challenge of session %d: %w", sess.ID, err)
		}
		sends := int(last.SendsAsked)
		if wait := ResendAt(sends, last.AskedAt).Sub(last.Now); wait > 0 {
			return &TooSoon{wait}
		}
		methods, err := s.methods(ctx, tx, sess.User.ID)
		if err != nil {
			return err
		}
		number := phone.Number{E164: last.Number, Country: phone.Country(last.Country)}
		anew := last.Outcome != nil || !SameCode(sends, last.Now, last.ExpiresAt)
		if err := mayAskAgain(sess, methods, Purpose(last.Purpose), anew); err != nil {
			return err
		}
		if anew {
			return s.start(ctx, tx, sess, Purpose(last.Purpose), number, language, channel)
		}
		if err := s.maySend(ctx, tx, sess, Purpose(last.Purpose), number, false, true); err != nil {
			return err
		}
		sendNo, err := s.q.ChallengeAskAgain(ctx, tx, last.ID)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrOver // proven in this very moment
		}
		if err != nil {
			return fmt.Errorf("ask for challenge %d again: %w", last.ID, err)
		}
		return s.enqueue(ctx, tx, last.ID, int(sendNo), channel, Purpose(last.Purpose).Urgent())
	}))
}

// start makes a challenge in the place of the session's live one, with its first message and the job that
// sends it. It answers *Limited and *Wait.
func (s *Service) start(ctx context.Context, tx pgx.Tx, sess session.Session, purpose Purpose, number phone.Number, language string, channel Channel) error {
	err := s.q.ChallengeEndOfSession(ctx, tx, dbsqlc.ChallengeEndOfSessionParams{SessionID: sess.ID, Outcome: "replaced"})
	if err != nil {
		return fmt.Errorf("replace the challenge of session %d: %w", sess.ID, err)
	}
	if err := s.maySend(ctx, tx, sess, purpose, number, true, true); err != nil {
		return err
	}
	ref, code := newRef(), newCode()
	id, err := s.q.ChallengeInsert(ctx, tx, dbsqlc.ChallengeInsertParams{
		Ref: ref, SessionID: sess.ID, UserID: sess.User.ID, OfficeID: sess.User.OfficeID, Purpose: string(purpose), Number: number.E164,
		Country: string(number.Country), Language: language, Life: CodeLife,
		CodeMac: s.keys.MAC(codePurpose, ref, code), CodeCt: s.keys.Seal(codePurpose, ref, []byte(code)),
	})
	if err != nil {
		return fmt.Errorf("make a challenge for user %d: %w", sess.User.ID, err)
	}
	return s.enqueue(ctx, tx, id, 1, channel, purpose.Urgent())
}

// MaySend answers *Limited or *Wait when no code would be sent to the number on file in this session now.
func (s *Service) MaySend(ctx context.Context, sess session.Session, number phone.Number) error {
	return s.maySend(ctx, s.pool, sess, PurposeSignIn, number, true, false)
}

// Urgent reports whether somebody stands at the log-in and waits for the code.
func (p Purpose) Urgent() bool { return p == PurposeSignIn || p == PurposeConfirm }

func (s *Service) enqueue(ctx context.Context, tx pgx.Tx, challengeID int64, sendNo int, channel Channel, urgent bool) error {
	err := s.q.MessageInsert(ctx, tx, dbsqlc.MessageInsertParams{ChallengeID: challengeID, SendNo: int16(sendNo), Channel: string(channel)}) // #nosec G115 -- 1 to 3
	if err != nil {
		return fmt.Errorf("make message %d of challenge %d: %w", sendNo, challengeID, err)
	}
	return s.outbox.SendCode(ctx, tx, challengeID, sendNo, urgent)
}

// OpenCode decrypts the code of a challenge for its message.
func (s *Service) OpenCode(ref string, sealed []byte) (string, error) {
	code, err := s.keys.Open(codePurpose, ref, sealed)
	if err != nil {
		return "", fmt.Errorf("open the code: %w", err)
	}
	return string(code), nil
}

// newCode draws six uniform decimal digits (ASVS 6.5.3).
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return fmt.Sprintf("%06d", n)
}

// newRef draws 128 bits as 26 lower-case characters: with a send number it fits the provider's 40.
func newRef() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
}
