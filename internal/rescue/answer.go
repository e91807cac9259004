package rescue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/spoken"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// User is somebody of an office who asks.
type User struct {
	ID   int64
	Name string
	At   time.Time
}

// Users returns the users of an office who ask, the oldest request first.
func (s *Service) Users(ctx context.Context, officeID int64) ([]User, error) {
	rows, err := s.q.HelpRequestList(ctx, s.pool, officeID)
	if err != nil {
		return nil, fmt.Errorf("list who asks in office %d: %w", officeID, err)
	}
	users := make([]User, len(rows))
	for i, r := range rows {
		users[i] = User{r.ID, r.Name, r.AskedAt}
	}
	return users, nil
}

// Request is what one log-in asks for, as a superuser sees it.
type Request struct {
	At, ExpiresAt time.Time
	KnownBrowser  bool // its user has logged in there before
	Address       string
	Browser       string // "" where it is not known
	System        string
	FirstID       int64 // who has answered first, where two have to; 0 for nobody
	First         string
	FirstOutcome  string        // "reset" or "pass"
	Idle          time.Duration // unused for so long, a day pass ends as every log-in does
}

// Of returns what a user of an office asks for, the newest first.
func (s *Service) Of(ctx context.Context, officeID, userID int64) ([]Request, error) {
	rows, err := s.q.HelpRequestOfUser(ctx, s.pool, dbsqlc.HelpRequestOfUserParams{OfficeID: officeID, UserID: userID})
	if err != nil {
		return nil, fmt.Errorf("list what user %d asks for: %w", userID, err)
	}
	requests := make([]Request, len(rows))
	for i, r := range rows {
		requests[i] = Request{
			At: r.CreatedAt, ExpiresAt: r.ExpiresAt, KnownBrowser: r.KnownBrowser, Address: r.Address,
			FirstID: r.FirstID, First: r.FirstName, FirstOutcome: r.FirstOutcome,
			Idle: r.IdleLimit,
		}
		requests[i].Browser, requests[i].System = session.Browser(r.UserAgent)
	}
	return requests, nil
}

// answering is what an answer takes: who is let in is the office's to decide, with a fresh factor.
var answering = session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}

// refusing takes no step-up: in need it must be quick.
var refusing = session.Act{Role: account.RoleSuperuser}

// Reset resets the second factor of the user who asks, when the words are those of one of their requests. It returns
// ErrNotWords, *Wrong, ErrOver, account.ErrUnknown, fault.Forbidden, fault.StepUpRequired.
func (s *Service) Reset(
	ctx context.Context, sess session.Session, client session.Client, userID int64, words string,
) (done twofactor.Handover, err error) {
	err = s.answer(ctx, sess, client, userID, words, "reset", func(tx pgx.Tx, _ match) error {
		done, err = s.factors.ResetTx(ctx, tx, sess, client, userID)
		return err
	})
	return done, err
}

// ErrTooLong says that a day pass would end before now, or not today.
var ErrTooLong = fault.New(fault.Invalid, "a day pass ends today")

// Pass lets the log-in of the user who asks in until a moment of today, without a second factor: that browser alone,
// which may use what is not sensitive and change nothing (session.Session.Limited). The user is told. It returns
// ErrTooLong, and what Reset returns.
func (s *Service) Pass(
	ctx context.Context, sess session.Session, client session.Client, userID int64, words string, until time.Time,
) error {
	if !until.After(sess.Now) || until.Sub(sess.Now) > 24*time.Hour {
		return ErrTooLong
	}
	return s.answer(ctx, sess, client, userID, words, "pass", func(tx pgx.Tx, found match) error {
		err := s.q.ChallengeEndOfSession(ctx, tx, dbsqlc.ChallengeEndOfSessionParams{
			SessionID: found.sessionID, Outcome: "abandoned",
		})
		if err != nil {
			return fmt.Errorf("end the challenge of session %d: %w", found.sessionID, err)
		}
		n, err := s.q.SessionPass(ctx, tx, dbsqlc.SessionPassParams{ID: found.sessionID, Until: until})
		if err != nil {
			return fmt.Errorf("let session %d in: %w", found.sessionID, err)
		}
		if n == 0 {
			return ErrOver
		}
		return s.ways.NotifyBy(ctx, tx, userID, "pass_given", sess.User.ID, client.Language)
	})
}

// match is the request whose words were typed.
type match struct{ id, sessionID int64 }

// answer does what a superuser decided for the request whose words were typed. The try is charged to every living
// request of the user, in a transaction of its own, before anything is compared; the answer is behind the locks of the
// office and of the user, where of two superusers one is first.
func (s *Service) answer(
	ctx context.Context, sess session.Session, client session.Client, userID int64, typed, outcome string,
	do func(pgx.Tx, match) error,
) error {
	if err := sess.May(answering); err != nil {
		return err
	}
	if userID == sess.User.ID {
		return fault.Forbidden
	}
	words, ok := spoken.Clean(typed)
	if !ok {
		return ErrNotWords
	}
	found, left, err := s.compare(ctx, sess, userID, words)
	if err != nil {
		return err
	}
	if found == (match{}) {
		return s.misheard(ctx, sess, client, userID, left)
	}
	first := false
	err = session.ActingTx(ctx, s.pool, sess, answering, func(tx pgx.Tx, _ session.Session) error {
		subject, err := s.lock(ctx, tx, sess, userID)
		if err != nil {
			return err
		}
		if first, err = s.isFirst(ctx, tx, sess, found, outcome); err != nil {
			return err
		}
		if first {
			event := sess.Event(audit.HelpAnswered, client)
			event.Subject, event.Detail = subject, "first_"+outcome
			return s.log.Write(ctx, tx, event)
		}
		n, err := s.q.HelpRequestAnswer(ctx, tx, dbsqlc.HelpRequestAnswerParams{
			ID: found.id, Outcome: outcome, AnsweredBy: sess.User.ID,
		})
		if err != nil {
			return fmt.Errorf("answer request %d: %w", found.id, err)
		}
		if n == 0 {
			return ErrOver
		}
		event := sess.Event(audit.HelpAnswered, client)
		event.Subject, event.Detail = subject, outcome
		if err := s.log.Write(ctx, tx, event); err != nil {
			return err
		}
		return do(tx, found)
	})
	if err == nil && first {
		return ErrFirst
	}
	return err
}

// ErrFirst says that the words were right, and that another superuser has to answer alike: the office asks for two.
var ErrFirst = fault.New(fault.Conflict, "another superuser has to answer too")

// isFirst notes an answer that another superuser has to give, too, and reports whether it is one.
func (s *Service) isFirst(
	ctx context.Context, tx pgx.Tx, sess session.Session, found match, outcome string,
) (bool, error) {
	office, err := s.q.OfficeRescue(ctx, tx, sess.User.OfficeID)
	if err != nil {
		return false, fmt.Errorf("read how office %d gets out of trouble: %w", sess.User.OfficeID, err)
	}
	if !office.TwoApprovers {
		return false, nil
	}
	n, err := s.q.HelpRequestApprove(ctx, tx, dbsqlc.HelpRequestApproveParams{
		ID: found.id, By: sess.User.ID, Outcome: outcome,
	})
	if err != nil {
		return false, fmt.Errorf("note the first answer to request %d: %w", found.id, err)
	}
	return n > 0, nil
}

// compare charges one try, and returns the request whose words these are, if there is one, and how many tries are left.
func (s *Service) compare(
	ctx context.Context, sess session.Session, userID int64, words string,
) (found match, left int, err error) {
	var rows []dbsqlc.HelpRequestChargeRow
	err = session.ActingTx(ctx, s.pool, sess, answering, func(tx pgx.Tx, _ session.Session) error {
		if _, err := s.lock(ctx, tx, sess, userID); err != nil {
			return err
		}
		if rows, err = s.q.HelpRequestCharge(ctx, tx, userID); err != nil {
			return fmt.Errorf("charge the requests of user %d: %w", userID, err)
		}
		return nil
	})
	switch {
	case err != nil:
		return match{}, 0, err
	case len(rows) == 0:
		return match{}, 0, ErrOver
	}
	for _, r := range rows {
		left = max(left, int(r.TriesLeft))
		if s.keys.Matches(r.WordsMac, purposeWords, row(r.SessionID), words) {
			found = match{r.ID, r.SessionID}
		}
	}
	return found, left, nil
}

// misheard writes wrong words down, and ends what they were the last try at.
func (s *Service) misheard(
	ctx context.Context, sess session.Session, client session.Client, userID int64, left int,
) error {
	err := session.ActingTx(ctx, s.pool, sess, answering, func(tx pgx.Tx, _ session.Session) error {
		subject, err := s.lock(ctx, tx, sess, userID)
		if err != nil {
			return err
		}
		if _, err := s.q.HelpRequestSpent(ctx, tx, userID); err != nil {
			return fmt.Errorf("end the spent requests of user %d: %w", userID, err)
		}
		event := sess.Event(audit.HelpMisheard, client)
		event.Subject = subject
		return s.log.Write(ctx, tx, event)
	})
	if err != nil {
		return err
	}
	return &Wrong{left}
}

// lock holds the row of a user of the session's office, and returns who they are.
func (s *Service) lock(ctx context.Context, tx pgx.Tx, sess session.Session, userID int64) (audit.Person, error) {
	r, err := s.q.OfficeUserLock(ctx, tx, dbsqlc.OfficeUserLockParams{OfficeID: sess.User.OfficeID, ID: userID})
	if errors.Is(err, pgx.ErrNoRows) {
		return audit.Person{}, account.ErrUnknown
	}
	if err != nil {
		return audit.Person{}, fmt.Errorf("lock user %d: %w", userID, err)
	}
	return audit.Person{ID: r.ID, Name: r.Username}, nil
}

// Refuse ends what a user asks for. Their log-in stays as it was. It returns ErrOver, account.ErrUnknown,
// fault.Forbidden.
func (s *Service) Refuse(ctx context.Context, sess session.Session, client session.Client, userID int64) error {
	return session.ActingTx(ctx, s.pool, sess, refusing, func(tx pgx.Tx, _ session.Session) error {
		subject, err := s.lock(ctx, tx, sess, userID)
		if err != nil {
			return err
		}
		n, err := s.q.HelpRequestEndOfUser(ctx, tx, dbsqlc.HelpRequestEndOfUserParams{
			UserID: userID, Outcome: "refused", AnsweredBy: sess.User.ID,
		})
		if err != nil {
			return fmt.Errorf("refuse what user %d asks for: %w", userID, err)
		}
		if n == 0 {
			return ErrOver
		}
		event := sess.Event(audit.HelpRefused, client)
		event.Subject = subject
		return s.log.Write(ctx, tx, event)
	})
}

// StopHelp ends what was asked for in a user's name, and the sessions in which it was asked, with what a superuser let
// them do. It implements account.Stopper: whoever opened the link in the user's mail says that it was not the user.
func (s *Service) StopHelp(ctx context.Context, tx pgx.Tx, userID int64, event audit.Event) error {
	asked, err := s.q.HelpRequestStop(ctx, tx, userID)
	if err != nil {
		return fmt.Errorf("stop what user %d asks for: %w", userID, err)
	}
	for _, id := range asked {
		if _, err := s.sessions.End(ctx, tx, session.Which{UserID: userID, ID: id}); err != nil {
			return err
		}
	}
	return s.log.Write(ctx, tx, event)
}
