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
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Begin starts the session of a user whose password was right, in one transaction with everything that follows from it.
// Where no second factor is demanded the user is in. Where one is, the session is a pending log-in, and a user with a
// confirmed number and no other factor is sent a code; begun again in a browser in which a code is under way, the
// log-in goes on. It returns account.ErrWrong when the password was changed, or the user disabled, since it was looked
// at, session.ErrCrowded, and ErrFactorElsewhere, which the history tells as a password that was right. It reports
// whether a code is under way, so that the next page is the one that takes it.
func (s *Service) Begin(
	ctx context.Context, user account.User, language string, client session.Client,
) (token session.Token, sent bool, err error) {
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		token, sent, err = s.Open(ctx, tx, user, language, client, session.ByPassword)
		return err
	})
	if errors.Is(err, ErrFactorElsewhere) {
		event := session.Session{User: user}.Event(audit.PasswordAccepted, client)
		return "", false, errors.Join(err, s.log.Write(ctx, s.pool, event))
	}
	return token, sent, err
}

// BeginOperator starts the pending log-in of an operator whose password was right. Nothing is sent, since an operator
// has the app alone.
func (s *Service) BeginOperator(
	ctx context.Context, user account.User, client session.Client,
) (session.Token, error) {
	token, _, err := s.Begin(ctx, user, "", client)
	return token, err
}

// Open is Begin in the caller's transaction, after whatever proved who the user is. A caller with single sign-on has
// read in the same transaction that the office takes that now.
func (s *Service) Open(
	ctx context.Context, tx pgx.Tx, user account.User, language string, client session.Client, by session.AuthSource,
) (token session.Token, sent bool, err error) {
	// Held from here on: log-ins of one user that come at once are counted one after the other.
	if _, err := s.lockUser(ctx, tx, user.OfficeID, user.ID); err != nil {
		return "", false, err
	}
	facts, err := s.q.LogInFacts(ctx, tx, dbsqlc.LogInFactsParams{
		OfficeID: user.OfficeID, UserID: user.ID, BrowserHash: client.Browser,
	})
	if err != nil {
		return "", false, fmt.Errorf("read what is demanded of user %d: %w", user.ID, err)
	}
	if facts.Begun && by == session.ByPassword {
		sess, token, err := s.sessions.Adopt(ctx, tx, user, client)
		if err == nil {
			return token, true, s.log.Write(ctx, tx, sess.Event(audit.PasswordAccepted, client))
		}
		if !errors.Is(err, session.ErrNone) {
			return "", false, err
		}
	}
	var trust int64
	if by == session.ByPassword && facts.Demanded {
		switch trust, err = s.sessions.UseTrust(ctx, tx, user, client); {
		case err == nil:
			by = session.ByTrustedBrowser
		case !errors.Is(err, session.ErrNone):
			return "", false, err
		}
	}
	sess, token, err := s.sessions.Start(ctx, tx, user, client, by, facts.Demanded)
	if err != nil {
		return "", false, err
	}
	if trust != 0 {
		if err := s.sessions.RaisedBy(ctx, tx, sess, trust); err != nil {
			return "", false, err
		}
	}
	if sess.Pending() {
		if facts.Elsewhere && by == session.ByPassword {
			return "", false, ErrFactorElsewhere
		}
		accepted := audit.SSOAccepted
		if by == session.ByPassword {
			accepted = audit.PasswordAccepted
		}
		if err := s.log.Write(ctx, tx, sess.Event(accepted, client)); err != nil {
			return "", false, err
		}
		set, err := factor.ParseSet(facts.Factors)
		if err != nil {
			return "", false, err
		}
		sent, err := s.sendFirst(ctx, tx, sess, set, language)
		return token, sent, err
	}
	if err := s.sessions.RememberBrowser(ctx, tx, sess, client); err != nil {
		return "", false, err
	}
	event := sess.Event(audit.SignedIn, client)
	event.Detail = by.Word()
	return token, false, s.log.Write(ctx, tx, event)
}

// sendFirst sends a pending log-in's first code to a user who is served by text messages alone, and reports whether
// one is under way.
func (s *Service) sendFirst(
	ctx context.Context, tx pgx.Tx, sess session.Session, set factor.Set, language string,
) (sent bool, err error) {
	number := set.Confirmed()
	if number == nil || set.Without(factor.SMS).HasFactor() {
		return false, nil
	}
	err = s.start(ctx, tx, sess, factor.PurposeSignIn, *number, language, phone.ByText)
	var wait *Wait
	var limited *Limited
	switch {
	case errors.As(err, &wait):
		return false, nil // the code page says so, and offers the other ways
	case errors.As(err, &limited):
		return false, s.writeLimit(ctx, tx, sess, limited)
	}
	return err == nil, err
}

// Step is what a pending log-in has to do next.
type Step string

// The steps of a pending log-in.
const (
	StepCode   Step = "code"   // enter the code that was sent, or ask for one
	StepProve  Step = "prove"  // prove the kind that Next names
	StepNumber Step = "number" // check the unconfirmed number, then have a code sent
	StepChoose Step = "choose" // no factor yet: choose one
)

// Next decides the step, and for StepProve the kind, from what the user has and whether a code is under way in this
// session. Of several kinds the first that is offered counts, and a text message, which costs time and money, last.
func (s *Service) Next(set factor.Set, codeUnderWay bool) (Step, factor.Kind) {
	if codeUnderWay {
		return StepCode, factor.SMS
	}
	for _, f := range s.factors {
		if f.Kind() != factor.SMS && set.Of(f.Kind()).Counts {
			return StepProve, f.Kind()
		}
	}
	switch {
	case set.Confirmed() != nil:
		return StepCode, factor.SMS
	case set.Unconfirmed() != nil:
		return StepNumber, factor.SMS
	}
	return StepChoose, ""
}
