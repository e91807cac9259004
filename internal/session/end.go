package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// Which says which sessions end: one of a user, all of a user, or all of an office.
type Which struct {
	OfficeID int64 // all of its users' sessions
	UserID   int64 // without ID: all of the user's sessions
	ID       int64 // this one of the user's
	Except   int64 // of an office or a user: this one stays
}

// End ends sessions in the transaction of what demands it, and returns how many. Their codes are not sent any more, nor
// kept. It is the only place that ends a session by a decision: what a session outlives by time, by a new password or
// by the end of its user, the view living_sessions knows.
func (s *Store) End(ctx context.Context, tx pgx.Tx, which Which) (int64, error) {
	const outcome = "abandoned"
	var n int64
	if which.ID == 0 {
		// Who is to log in anew everywhere is to prove both.
		if _, err := endTrust(ctx, s.q, tx, which); err != nil {
			return 0, err
		}
	}
	var err error
	// The challenges first: rows are taken in one order everywhere.
	switch {
	case which.ID != 0:
		err = s.q.ChallengeEndOfSession(ctx, tx, dbsqlc.ChallengeEndOfSessionParams{SessionID: which.ID, Outcome: outcome})
		if err == nil {
			n, err = s.q.SessionEnd(ctx, tx, dbsqlc.SessionEndParams{ID: which.ID, UserID: which.UserID})
		}
	case which.UserID != 0:
		err = s.q.ChallengeEndOfUser(ctx, tx, dbsqlc.ChallengeEndOfUserParams{
			UserID: which.UserID, ExceptID: which.Except, Outcome: outcome,
		})
		if err == nil {
			n, err = s.q.SessionEndOfUser(ctx, tx, dbsqlc.SessionEndOfUserParams{UserID: which.UserID, ExceptID: which.Except})
		}
	default:
		err = s.q.ChallengeEndOfOffice(ctx, tx, dbsqlc.ChallengeEndOfOfficeParams{
			OfficeID: which.OfficeID, ExceptID: which.Except, Outcome: outcome,
		})
		if err == nil {
			n, err = s.q.SessionEndOfOffice(ctx, tx, dbsqlc.SessionEndOfOfficeParams{
				OfficeID: which.OfficeID, ExceptID: which.Except,
			})
		}
	}
	if err != nil {
		return 0, fmt.Errorf("end sessions %+v: %w", which, err)
	}
	return n, nil
}

// AllSources stands for every source in Demote.
const AllSources AuthSource = ""

// Demote follows a change, earlier in tx, that made sessions of an office pending log-ins: those of one factor
// (AllSources), or those whose second factor came from a source that is not trusted any more. They get the life of a
// pending log-in, and what was under way in them ends: codes on their way, enrolments, forms that wait for a step-up,
// recovery codes still to be read, and what applications had of them.
func Demote(ctx context.Context, tx pgx.Tx, officeID int64, by AuthSource) error {
	return endDemoted(ctx, tx, dbsqlc.SessionDemotedParams{OfficeID: officeID, Source: string(by)})
}

// demote is Demote for one session: no change made it a pending log-in, but a date.
func demote(ctx context.Context, tx pgx.Tx, officeID, sessionID int64) error {
	return endDemoted(ctx, tx, dbsqlc.SessionDemotedParams{OfficeID: officeID, SessionID: sessionID})
}

func endDemoted(ctx context.Context, tx pgx.Tx, which dbsqlc.SessionDemotedParams) error {
	q := dbsqlc.New()
	ids, err := q.SessionDemoted(ctx, tx, which)
	if err != nil {
		return fmt.Errorf("look for the demoted sessions of office %d: %w", which.OfficeID, err)
	}
	if len(ids) == 0 {
		return nil
	}
	// The challenges first: rows are taken in one order everywhere.
	if err := q.ChallengeEndOfDemoted(ctx, tx, ids); err != nil {
		return fmt.Errorf("end the challenges of demoted sessions of office %d: %w", which.OfficeID, err)
	}
	if err := q.SessionDemote(ctx, tx, ids); err != nil {
		return fmt.Errorf("demote sessions of office %d: %w", which.OfficeID, err)
	}
	return nil
}

// EndBegunBySSO ends, in tx, the sessions of an office that single sign-on began, but one: their provider is not the
// office's any more.
func EndBegunBySSO(ctx context.Context, tx pgx.Tx, officeID, except int64) error {
	q := dbsqlc.New()
	// The challenges first: rows are taken in one order everywhere.
	err := q.ChallengeEndOfSSO(ctx, tx, dbsqlc.ChallengeEndOfSSOParams{OfficeID: officeID, ExceptID: except})
	if err != nil {
		return fmt.Errorf("end the challenges of single sign-on of office %d: %w", officeID, err)
	}
	if err := q.SessionEndOfSSO(ctx, tx, dbsqlc.SessionEndOfSSOParams{OfficeID: officeID, ExceptID: except}); err != nil {
		return fmt.Errorf("end the sessions of single sign-on of office %d: %w", officeID, err)
	}
	return nil
}

// EndOne ends one session of the acting session's own user: ErrNone when the user has no such session.
func (s *Store) EndOne(ctx context.Context, acting Session, id int64, client Client) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		n, err := s.End(ctx, tx, Which{UserID: acting.User.ID, ID: id})
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNone // another user's: the transaction takes everything back
		}
		action := audit.SessionEnded
		if id == acting.ID {
			action = audit.LoggedOut
			if err := s.q.SessionLoggedOut(ctx, tx, id); err != nil {
				return fmt.Errorf("note the log-out of session %d: %w", id, err)
			}
		}
		return s.log.Write(ctx, tx, acting.Event(action, client))
	})
}

// EndOthers ends every session of the acting session's user but the acting one.
func (s *Store) EndOthers(ctx context.Context, acting Session, client Client) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.End(ctx, tx, Which{UserID: acting.User.ID, Except: acting.ID}); err != nil {
			return err
		}
		return s.log.Write(ctx, tx, acting.Event(audit.OtherSessionsEnded, client))
	})
}

// EndOf ends every session of a user but one (0: none), which goes on although the password has just changed in it.
func (s *Store) EndOf(ctx context.Context, tx pgx.Tx, userID, except int64) error {
	if _, err := s.End(ctx, tx, Which{UserID: userID, Except: except}); err != nil {
		return err
	}
	if err := s.q.SessionRenew(ctx, tx, dbsqlc.SessionRenewParams{ID: except, UserID: userID}); err != nil {
		return fmt.Errorf("renew session %d: %w", except, err)
	}
	return nil
}

// Why a session is over, for whoever brings its token.
type Why string

// A superuser reset the factors of its user, who asked for help in it; it took too many wrong proofs; its user logged
// out; somebody or something ended it; the log-in was not finished in time; it came to its overall limit; nothing
// happened in it.
const (
	WhyReset     Why = "reset"
	WhyExhausted Why = "exhausted"
	WhyOtherTab  Why = "other_tab"
	WhyEnded     Why = "ended"
	WhyOver      Why = "over"
	WhyLimit     Why = "limit"
	WhyIdle      Why = "idle"
)

// Ending is why a session is over, and whose it was.
type Ending struct {
	Why    Why
	UserID int64 // 0 where nobody knows the token
	// Limit is the limit that it came to: minutes without a request, or hours in all; else 0.
	Limit int
}

// Ending returns why the session of a token is over. A token that nobody knows, or that was replaced, is over.
func (s *Store) Ending(ctx context.Context, token Token) (Ending, error) {
	hash := token.Hash()
	if hash == nil {
		return Ending{Why: WhyOver}, nil
	}
	r, err := s.q.SessionEnding(ctx, s.pool, hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return Ending{Why: WhyOver}, nil
	}
	if err != nil {
		return Ending{}, fmt.Errorf("ask why a session ended: %w", err)
	}
	ending := Ending{Why: Why(r.Why), UserID: r.UserID}
	switch ending.Why {
	case WhyIdle:
		ending.Limit = int(r.IdleMinutes)
	case WhyLimit:
		ending.Limit = int(r.MostHours)
	}
	return ending, nil
}
