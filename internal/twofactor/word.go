package twofactor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/factor/recovery"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
)

const (
	// wordPurpose names the key of words' MACs.
	wordPurpose = "enrolment word"
	// wordLife is how long a word can be given: the user is told it by phone, and logs in the next morning.
	wordLife = 24 * time.Hour
	// wordKind is what the history calls a wrong word.
	wordKind = "word"
)

var (
	// ErrWordOwed says that no factor is enrolled before the word of the user's reset is given: see GiveWord.
	ErrWordOwed = session.ErrWordOwed
	// ErrWordExpired says that the word cannot be given any more: a new reset makes a new one.
	ErrWordExpired = fault.New(fault.Ended, "the word of a reset has expired")
)

// makeWord makes the word that a user must give before a factor is enrolled, in the place of one made before.
func (s *Service) makeWord(ctx context.Context, tx pgx.Tx, userID int64) (string, error) {
	shown := recovery.NewCode()
	plain, _ := s.recovery.Clean(shown)
	mac, keyID := s.keys.MACAndKey(wordPurpose, strconv.FormatInt(userID, 10), plain)
	err := s.q.EnrolmentWordPut(ctx, tx, dbsqlc.EnrolmentWordPutParams{
		UserID: userID, WordMac: mac, KeyID: keyID, Life: wordLife,
	})
	if err != nil {
		return "", fmt.Errorf("keep the word of user %d: %w", userID, err)
	}
	return shown, nil
}

// GiveWord takes the word of a reset, as typed, for this session. Tries are charged to the session alone, before the
// word is looked at, and sessions begin at the rate of their network: nobody comes near 75 random bits, and whoever
// knows the password makes the owner, who was just given the word, wait for nothing. The word serves until a factor is
// enrolled. It returns ErrNotACode, *Wrong, ErrOver, ErrWordExpired.
func (s *Service) GiveWord(ctx context.Context, sess session.Session, client session.Client, typed string) error {
	plain, ok := s.recovery.Clean(typed)
	if !ok {
		return ErrNotACode
	}
	var try factor.Try
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		try, err = factor.PerSession{}.Charge(ctx, tx, owner(sess), false)
		return err
	})
	if err != nil {
		return err
	}
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error { return s.takeWord(ctx, tx, sess, plain) })
	if errors.Is(err, errWrong) {
		return s.refuseWord(ctx, sess, client, try)
	}
	return err
}

func (s *Service) takeWord(ctx context.Context, tx pgx.Tx, sess session.Session, plain string) error {
	now, err := s.lock(ctx, tx, sess)
	if err != nil {
		return err
	}
	row, err := s.q.EnrolmentWordOf(ctx, tx, sess.User.ID)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !now.WordOwed {
		return ErrOver
	}
	switch {
	case err != nil:
		return fmt.Errorf("read the word of user %d: %w", sess.User.ID, err)
	case !row.Lives:
		return ErrWordExpired
	case !s.keys.Matches(row.WordMac, wordPurpose, strconv.FormatInt(sess.User.ID, 10), plain):
		return errWrong
	}
	if err := s.q.EnrolmentWordGiven(ctx, tx, sess.ID); err != nil {
		return fmt.Errorf("note the word of session %d: %w", sess.ID, err)
	}
	return nil
}

// owesNoWord returns ErrWordOwed while a session owes a word: no proof can be right yet, so that none is charged to the
// user, who was given the word and is about to enrol. It returns ErrOver for a session that has ended.
func (s *Service) owesNoWord(ctx context.Context, tx pgx.Tx, sess session.Session) error {
	if !sess.WordOwed {
		return nil
	}
	now, err := s.sessions.Refresh(ctx, tx, sess)
	switch {
	case errors.Is(err, session.ErrNone):
		return ErrOver
	case err == nil && now.WordOwed:
		return ErrWordOwed
	}
	return err
}

// refuseWord writes a wrong word down, and ends the session with the last one. Its user is told once, until they have
// read it: tries are many here.
func (s *Service) refuseWord(
	ctx context.Context, sess session.Session, client session.Client, try factor.Try,
) error {
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if try.Left == 0 {
			if _, err := s.sessions.End(ctx, tx, session.Which{UserID: sess.User.ID, ID: sess.ID}); err != nil {
				return err
			}
			unread, err := s.q.NoticeUnread(ctx, tx, dbsqlc.NoticeUnreadParams{
				UserID: sess.User.ID, Kind: string(NoticeGuessed),
			})
			if err != nil {
				return fmt.Errorf("look what user %d was told: %w", sess.User.ID, err)
			}
			if !unread {
				if err := s.notify(ctx, tx, sess.User.ID, NoticeGuessed, client); err != nil {
					return err
				}
			}
		}
		event := sess.Event(audit.SecondFactorRefused, client)
		event.Detail = wordKind
		return s.log.Write(ctx, tx, event)
	})
	if err != nil {
		return err
	}
	return &Wrong{Left: try.Left}
}
