package twofactor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
)

// MayProve returns *Wait while the session's user has to wait after wrong proofs in browsers of its kind.
func (s *Service) MayProve(ctx context.Context, sess session.Session) error {
	return s.mayTry(ctx, s.pool, sess)
}

// chargeUser counts one try against the user, over all kinds of factor, sessions and nodes. What is tried in known
// browsers has a budget of its own, so that a holder of the password locks none but strangers. It returns *Wait.
func (s *Service) chargeUser(
	ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, f factor.Factor,
) error {
	row, err := s.q.FactorFailureCharge(ctx, tx, dbsqlc.FactorFailureChargeParams{
		UserID: sess.User.ID, Stranger: !sess.KnownBrowser, Recovery: f.Words().OpensLock,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return s.mayTry(ctx, tx, sess)
	}
	if err != nil {
		return fmt.Errorf("count a try of user %d: %w", sess.User.ID, err)
	}
	if !row.Waits {
		return nil
	}
	event := sess.Event(audit.SecondFactorWait, client)
	event.Detail = fmt.Sprintf("%d in a row, %s", row.InARow, where(sess))
	return s.log.Write(ctx, tx, event)
}

// where says in which budget a session's tries are counted.
func where(sess session.Session) string {
	if sess.KnownBrowser {
		return "known browsers"
	}
	return "new browsers"
}

// recordSuccess ends the row of wrong proofs.
func (s *Service) recordSuccess(ctx context.Context, tx pgx.Tx, sess session.Session, f factor.Factor) error {
	err := s.q.FactorFailureSucceed(ctx, tx, dbsqlc.FactorFailureSucceedParams{
		UserID: sess.User.ID, Stranger: !sess.KnownBrowser, Recovery: f.Words().OpensLock,
	})
	if err != nil {
		return fmt.Errorf("end the failures of user %d: %w", sess.User.ID, err)
	}
	return nil
}

// mayTry returns *Wait while the session's user has to wait after wrong proofs.
func (s *Service) mayTry(ctx context.Context, tx dbsqlc.DBTX, sess session.Session) error {
	row, err := s.q.FactorFailureOf(ctx, tx, dbsqlc.FactorFailureOfParams{
		UserID: sess.User.ID, Stranger: !sess.KnownBrowser,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the failures of user %d: %w", sess.User.ID, err)
	}
	return waits(factor.Lock(row.Lock), row.WaitUntil, row.Now, sess)
}

// waits returns *Wait for a lock of the session's user.
func waits(lock factor.Lock, until *time.Time, now time.Time, sess session.Session) error {
	switch lock {
	case factor.LockNone:
		return nil
	case factor.LockWait:
		return &Wait{Lock: lock, Until: *until, For: until.Sub(now), Stranger: !sess.KnownBrowser}
	default:
		return &Wait{Lock: lock, Stranger: !sess.KnownBrowser}
	}
}

// refuse writes a wrong proof down. The last try ends the challenge and, unless it spares it, the session; its user is
// told, since somebody had the password.
func (s *Service) refuse(
	ctx context.Context, sess session.Session, client session.Client, f factor.Factor, try factor.Try,
) error {
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.alarm(ctx, tx, sess, client, f, try); err != nil {
			return err
		}
		if try.Left == 0 {
			err := s.q.ChallengeEndOfSession(ctx, tx, dbsqlc.ChallengeEndOfSessionParams{
				SessionID: sess.ID, Outcome: "exhausted",
			})
			if err != nil {
				return fmt.Errorf("end the challenge of session %d: %w", sess.ID, err)
			}
			if !try.Spares {
				if _, err := s.sessions.End(ctx, tx, session.Which{UserID: sess.User.ID, ID: sess.ID}); err != nil {
					return err
				}
				if err := s.notify(ctx, tx, sess.User.ID, NoticeGuessed, client); err != nil {
					return err
				}
			}
		}
		return s.writeRefusal(ctx, tx, sess, client, f.Kind())
	})
	if err != nil {
		return err
	}
	return &Wrong{Left: try.Left, Clock: try.Clock}
}

// alarm makes what a refusal says worth nothing to whoever guessed it, and tells what is worse than a mistake.
func (s *Service) alarm(
	ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, f factor.Factor, try factor.Try,
) error {
	if teller, ok := f.(factor.Teller); ok {
		if err := teller.Told(ctx, tx, owner(sess), try); err != nil {
			return err
		}
	}
	if try.Alarm.Notice == "" {
		return nil
	}
	if err := s.notify(ctx, tx, sess.User.ID, Notice(try.Alarm.Notice), client); err != nil {
		return err
	}
	event := sess.Event(try.Alarm.Action, client)
	event.Detail = try.Alarm.Detail
	return s.log.Write(ctx, tx, event)
}

// writeRefusal writes down that a proof was wrong, and locks the user's factors when it was one too many.
func (s *Service) writeRefusal(
	ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, kind factor.Kind,
) error {
	event := sess.Event(audit.SecondFactorRefused, client)
	event.Detail = string(kind)
	if err := s.log.Write(ctx, tx, event); err != nil {
		return err
	}
	locked, err := s.q.FactorFailureLock(ctx, tx, dbsqlc.FactorFailureLockParams{
		UserID: sess.User.ID, Stranger: !sess.KnownBrowser,
	})
	if err != nil {
		return fmt.Errorf("look whether user %d is to be locked: %w", sess.User.ID, err)
	}
	if locked == 0 {
		return nil
	}
	notice := NoticeStrangersLocked
	if sess.KnownBrowser {
		notice = NoticeLocked
	}
	if err := s.notify(ctx, tx, sess.User.ID, notice, client); err != nil {
		return err
	}
	if sess.User.OfficeID != 0 {
		if err := s.ways.NoticeSuperusers(ctx, tx, sess.User.OfficeID, string(NoticeUserLocked)); err != nil {
			return err
		}
	}
	event = sess.Event(audit.SecondFactorLocked, client)
	event.Detail = where(sess)
	return s.log.Write(ctx, tx, event)
}
