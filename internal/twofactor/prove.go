package twofactor

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Proven is what a right proof did.
type Proven struct {
	Token    session.Token // the session's new token
	Purpose  factor.Purpose
	NewCodes bool // recovery codes were made: RecoverySheet shows them
}

// Prove checks a proof of a kind, as typed: the code of the session's live challenge, or a code of a factor that the
// user has. It returns ErrNotACode, *Wrong, *Wait, ErrOver, and what judge returns.
func (s *Service) Prove(
	ctx context.Context, sess session.Session, client session.Client, kind factor.Kind, typed string,
) (Proven, error) {
	return s.prove(ctx, sess, client, kind, typed, false)
}

// ConfirmEnrolment finishes an enrolment that BeginEnrolment began with the first proof of the new factor; a pending
// log-in is then complete. It returns what Prove returns.
func (s *Service) ConfirmEnrolment(
	ctx context.Context, sess session.Session, client session.Client, kind factor.Kind, typed string,
) (Proven, error) {
	return s.prove(ctx, sess, client, kind, typed, true)
}

// errWrong ends the transaction of a proof that was wrong.
var errWrong = errors.New("wrong")

// prove is the one way of every proof. First the try is charged to the user and to the challenge or session, in a
// transaction that is committed before anything is compared: parallel guesses cannot share a try, and no later failure
// gives one back. Then the proof is judged, verified and consumed in the transaction of all it does, where one of many
// wins. Rows are taken in one order everywhere (user, failures, challenge, session): no two requests deadlock.
func (s *Service) prove(
	ctx context.Context, sess session.Session, client session.Client, kind factor.Kind, typed string, enrols bool,
) (Proven, error) {
	f, err := s.kind(kind)
	if err != nil {
		return Proven{}, err
	}
	response, ok := f.Clean(typed)
	if !ok {
		return Proven{}, ErrNotACode
	}
	var try factor.Try
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if err := s.owesNoWord(ctx, tx, sess); err != nil {
			return err
		}
		if err := s.chargeUser(ctx, tx, sess, client, f); err != nil {
			return err
		}
		try, err = f.Charge(ctx, tx, owner(sess), enrols)
		return err
	})
	if err != nil {
		return Proven{}, err
	}
	var proven Proven
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		proven, err = s.consume(ctx, tx, sess, client, f, &try, response, enrols)
		return err
	})
	if errors.Is(err, errWrong) {
		return Proven{}, s.refuse(ctx, sess, client, f, try)
	}
	return proven, err
}

func (s *Service) consume(
	ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, f factor.Factor, try *factor.Try,
	response string, enrols bool,
) (Proven, error) {
	now, err := s.lock(ctx, tx, sess)
	if errors.Is(err, ErrOver) {
		return Proven{}, s.verifyEnded(ctx, tx, sess, f, try, response, enrols)
	}
	if err != nil {
		return Proven{}, err
	}
	challenged := try.Purpose != ""
	if !challenged {
		try.Purpose = purposeFor(now, enrols)
	}
	if err := judge(try.Purpose, f.Kind(), now); err != nil {
		return Proven{}, err
	}
	if err := s.recordSuccess(ctx, tx, sess, f); err != nil {
		return Proven{}, err
	}
	right, err := f.Verify(ctx, tx, owner(sess), try, response)
	if err != nil {
		return Proven{}, err
	}
	if !right {
		return Proven{}, errWrong // what was recorded goes with the transaction
	}
	if !challenged { // else the session's only challenge has ended with its code
		// A text message that is still under way must not be a second key to the same door.
		err = s.q.ChallengeEndOfSession(ctx, tx, dbsqlc.ChallengeEndOfSessionParams{SessionID: sess.ID, Outcome: "abandoned"})
		if err != nil {
			return Proven{}, fmt.Errorf("end the challenge of session %d: %w", sess.ID, err)
		}
	}
	newCodes := false
	if try.Purpose.Enrols() {
		newCodes, err = s.enrolled(ctx, tx, now, client, f, *try)
	} else {
		err = s.used(ctx, tx, now, client, f)
	}
	if err != nil {
		return Proven{}, err
	}
	token, err := s.raise(ctx, tx, now, client, f.Kind(), *try)
	return Proven{token, try.Purpose, newCodes}, err
}

// verifyEnded is for a session that has ended since the try was charged, by the last of several wrong ones at once: a
// right proof does nothing any more, and a wrong one is still to be written down.
func (s *Service) verifyEnded(
	ctx context.Context, tx pgx.Tx, sess session.Session, f factor.Factor, try *factor.Try, response string, enrols bool,
) error {
	if try.Purpose == "" {
		try.Purpose = purposeFor(sess, enrols)
	}
	right, err := f.Verify(ctx, tx, owner(sess), try, response)
	if err == nil && !right {
		return errWrong
	}
	return errors.Join(err, ErrOver)
}

// enrolled adds the factor that was just proven and tells its user; whatever else was under way for them ends. It
// reports whether recovery codes came with it: nobody is left with a factor that can be lost and nothing beside it.
func (s *Service) enrolled(
	ctx context.Context, tx pgx.Tx, now session.Session, client session.Client, f factor.Factor, try factor.Try,
) (newCodes bool, err error) {
	sess := now
	detail, err := f.Enrol(ctx, tx, owner(sess), try)
	if err != nil {
		return false, err
	}
	if err := s.q.EnrolmentWordDelete(ctx, tx, sess.User.ID); err != nil {
		return false, fmt.Errorf("end the word of user %d: %w", sess.User.ID, err)
	}
	words := f.Words()
	way, action, what := account.WayFirstFactor, words.Added, words.AddedNotice
	if try.Purpose == factor.PurposeChange {
		way, action, what = account.WayFactor, words.Changed, words.ChangedNotice
		if f.Kind() == factor.SMS && now.Factors.Has(factor.SMS) { // a number is replaced, all else is added
			if err := s.cool(ctx, tx, sess.User.ID); err != nil {
				return false, err
			}
		}
	}
	event := sess.Event(action, client)
	event.Detail = detail
	if sess.User.IsOperator() { // the app alone: see the command line for who lost it
		return false, s.changed(ctx, tx, sess, client, way, string(NoticeOperatorApp), event)
	}
	newCodes = words.BringsRecovery || !now.Factors.Has(f.Kind()) && !now.Factors.Has(factor.Recovery)
	if newCodes {
		if err := s.makeRecoveryCodes(ctx, tx, sess, client); err != nil {
			return false, err
		}
	}
	return newCodes, s.changed(ctx, tx, sess, client, way, what, event)
}

// changed is what follows when the user of a session changed a factor in it.
func (s *Service) changed(
	ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, way account.WayIn, what string,
	event audit.Event,
) error {
	return s.ways.Changed(ctx, tx, account.Changed{
		Way: way, UserID: sess.User.ID, What: what, Keep: sess.ID, From: client.Origin(), Event: event,
	})
}

// used tells the user where the use of a kind is news.
func (s *Service) used(
	ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, f factor.Factor,
) error {
	words := f.Words()
	if words.UsedNotice == "" {
		return nil
	}
	if err := s.notify(ctx, tx, sess.User.ID, Notice(words.UsedNotice), client); err != nil {
		return err
	}
	return s.log.Write(ctx, tx, sess.Event(words.Used, client))
}

// raise gives the session its second factor and writes down what that was.
func (s *Service) raise(
	ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, kind factor.Kind, try factor.Try,
) (session.Token, error) {
	method := kind
	if try.Method != "" {
		method = try.Method
	}
	token, err := s.sessions.Raise(ctx, tx, sess, method)
	if errors.Is(err, session.ErrNone) {
		return "", ErrOver
	}
	if err != nil {
		return "", err
	}
	action := audit.FactorConfirmed
	if sess.Pending() {
		action = audit.SignedIn
	}
	sess.Level = 2
	if err := s.sessions.RememberBrowser(ctx, tx, sess, client); err != nil {
		return "", err
	}
	event := sess.Event(action, client)
	event.Detail = string(kind)
	return token, s.log.Write(ctx, tx, event)
}
