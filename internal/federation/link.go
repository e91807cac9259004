package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Waiting is a link to be made: the provider has vouched for somebody, and the browser that brought the
// answer is to say who that is here.
type Waiting struct {
	OfficeCode string
	OfficeName string
	Label      string // what the provider calls them
}

// Waiting returns the link that waits in this browser, or ErrFlow.
func (s *Service) Waiting(ctx context.Context, browser session.Token) (Waiting, error) {
	r, err := s.waiting(ctx, s.pool, browser)
	return Waiting{r.OfficeCode, r.OfficeName, r.Label}, err
}

func (s *Service) waiting(ctx context.Context, tx dbsqlc.DBTX, browser session.Token) (
	dbsqlc.SSOLinkWaitingRow, error) {
	r, err := s.q.SSOLinkWaiting(ctx, tx, browser.Hash())
	if errors.Is(err, pgx.ErrNoRows) {
		return r, ErrFlow
	}
	if err != nil {
		return r, fmt.Errorf("find a link to be made: %w", err)
	}
	return r, nil
}

// Link signs in a user who has just proven the password, and links them. Where the office demands two factors, or the
// user has one, or owes the word of a reset, a password alone links nobody: else who stole one could add a way in of
// their own, which the provider's word makes one of two factors as soon as the office trusts it for them. made then
// reports false, and LinkMine makes the link once the user is in. It returns ErrFlow, ErrLinked, or *Refused when the
// policy has changed since.
func (s *Service) Link(ctx context.Context, browser session.Token, user account.User, language string,
	client session.Client) (token session.Token, made bool, err error) {
	var refused *Refused
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		link, err := s.waiting(ctx, tx, browser)
		if err != nil {
			return err
		}
		if link.OfficeID != user.OfficeID {
			return ErrFlow
		}
		office, err := s.hold(ctx, tx, link.OfficeID, link.Issuer)
		if err != nil {
			return err
		}
		if _, err := s.q.UserLock(ctx, tx, dbsqlc.UserLockParams{OfficeID: user.OfficeID, ID: user.ID}); err != nil {
			return fmt.Errorf("hold user %d: %w", user.ID, err)
		}
		alone, err := s.q.SSOLinkByPassword(ctx, tx, user.ID)
		if err != nil {
			return fmt.Errorf("read what user %d has beside the password: %w", user.ID, err)
		}
		demanded, err := s.demanded(ctx, tx, user.OfficeID, user.ID)
		if err != nil {
			return err
		}
		switch {
		case demanded && Policy(office.Policy) == Refuse:
			refused = &Refused{OfficeCode: office.OfficeCode}
			return s.drop(ctx, tx, link, user, client)
		case demanded || !alone:
			n, err := s.q.SSOLinkProven(ctx, tx, dbsqlc.SSOLinkProvenParams{ID: link.ID, UserID: user.ID})
			if err != nil {
				return fmt.Errorf("note whose link it is: %w", err)
			}
			if n == 0 {
				return ErrFlow
			}
		default:
			if err := s.link(ctx, tx, link, user, client); err != nil {
				return err
			}
			made = true
		}
		token, _, err = s.opener.Open(ctx, tx, user, language, client, session.ByPassword)
		return err
	})
	if err != nil {
		return "", false, err
	}
	if refused != nil {
		return "", false, refused
	}
	return token, made, nil
}

// LinkMine makes the link that waits in this browser for the user of a session, as that stands when the link is made.
// It returns ErrFlow, fault.StepUpRequired, session.ErrWordOwed, session.ErrNone, ErrLinked, or *Refused.
func (s *Service) LinkMine(ctx context.Context, browser session.Token, sess session.Session,
	client session.Client) error {
	if err := mayLink(sess); err != nil {
		return err
	}
	var refused *Refused
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		link, err := s.waiting(ctx, tx, browser)
		if err != nil {
			return err
		}
		if link.OfficeID != sess.User.OfficeID || link.UserID != nil && *link.UserID != sess.User.ID {
			return ErrFlow
		}
		office, err := s.hold(ctx, tx, link.OfficeID, link.Issuer)
		if err != nil {
			return err
		}
		now, err := session.Hold(ctx, tx, sess)
		if err != nil {
			return err
		}
		if err := mayLink(now); err != nil {
			return err
		}
		if now.TwoFactorRequired && Policy(office.Policy) == Refuse {
			refused = &Refused{OfficeCode: office.OfficeCode}
			return s.drop(ctx, tx, link, sess.User, client)
		}
		return s.link(ctx, tx, link, sess.User, client)
	})
	if err == nil && refused != nil {
		return refused
	}
	return err
}

// mayLink judges whether a session may add a link: it is a way in, and takes what another factor takes.
func mayLink(sess session.Session) error {
	if sess.WordOwed {
		return session.ErrWordOwed
	}
	return errors.Join(sess.RequireStepUp(session.StepUpOwn), sess.RequireStepUp(session.StepUpOffice))
}

// link takes the waiting link and makes it a lasting one. A unique rule refuses a second link of a user to
// the same provider, and a second user for the same account there.
func (s *Service) link(ctx context.Context, tx pgx.Tx, link dbsqlc.SSOLinkWaitingRow, user account.User,
	client session.Client) error {
	if _, err := s.q.SSOLinkTake(ctx, tx, link.ID); errors.Is(err, pgx.ErrNoRows) {
		return ErrFlow
	} else if err != nil {
		return fmt.Errorf("take a link to be made: %w", err)
	}
	err := s.q.SSOIdentityInsert(ctx, tx, dbsqlc.SSOIdentityInsertParams{
		OfficeID: user.OfficeID, UserID: user.ID, Issuer: link.Issuer, Subject: link.Subject,
	})
	if db.IsUnique(err) {
		return ErrLinked
	}
	if err != nil {
		return fmt.Errorf("link user %d: %w", user.ID, err)
	}
	return s.ways.Changed(ctx, tx, account.Changed{
		Way: account.WaySSO, UserID: user.ID, What: "sso_linked", From: client.Origin(),
		Event: audit.Event{
			Office: user.OfficeID, Actor: user.Person(), Action: audit.SSOLinked, Detail: link.Label, Address: client.Address,
		},
	})
}

// drop forgets a waiting link that the policy refuses by now.
func (s *Service) drop(ctx context.Context, tx pgx.Tx, link dbsqlc.SSOLinkWaitingRow, user account.User,
	client session.Client) error {
	if _, err := s.q.SSOLinkTake(ctx, tx, link.ID); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("drop a link to be made: %w", err)
	}
	return s.writeRefusal(ctx, tx, link.OfficeID, user, link.Label, client)
}

// Mine is what a user's own settings say about single sign-on.
type Mine struct {
	Linked   bool
	LinkedAt time.Time
	Waiting  string // what the provider calls who waits in this browser to be linked, or ""
}

// Mine returns the link of a session's user, and the one that waits in this browser for them.
func (s *Service) Mine(ctx context.Context, browser session.Token, sess session.Session) (Mine, error) {
	rows, err := s.q.SSOIdentityOf(ctx, s.pool, dbsqlc.SSOIdentityOfParams{
		UserID: sess.User.ID, OfficeID: sess.User.OfficeID,
	})
	if err != nil {
		return Mine{}, fmt.Errorf("read the link of user %d: %w", sess.User.ID, err)
	}
	var mine Mine
	if len(rows) > 0 {
		mine.Linked, mine.LinkedAt = true, rows[len(rows)-1].LinkedAt
	}
	if browser == "" {
		return mine, nil
	}
	link, err := s.waiting(ctx, s.pool, browser)
	switch {
	case errors.Is(err, ErrFlow):
	case err != nil:
		return Mine{}, err
	case link.OfficeID == sess.User.OfficeID && (link.UserID == nil || *link.UserID == sess.User.ID):
		mine.Waiting = link.Label
	}
	return mine, nil
}

// Unlink takes the user's link away, and ends their other sessions: who came in by it is out. A proof of the last ten
// minutes is enough, the password's too: it takes a way in, and gives none. It returns fault.StepUpRequired and
// session.ErrNone.
func (s *Service) Unlink(ctx context.Context, sess session.Session, client session.Client) error {
	if err := sess.RequireStepUp(session.StepUpEither); err != nil {
		return err
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := session.Hold(ctx, tx, sess)
		if err != nil {
			return err
		}
		if err := now.RequireStepUp(session.StepUpEither); err != nil {
			return err
		}
		n, err := s.q.SSOIdentityDelete(ctx, tx, dbsqlc.SSOIdentityDeleteParams{
			UserID: sess.User.ID, OfficeID: sess.User.OfficeID,
		})
		if err != nil {
			return fmt.Errorf("unlink user %d: %w", sess.User.ID, err)
		}
		if n == 0 {
			return nil
		}
		return s.ways.Changed(ctx, tx, account.Changed{
			Way: account.WayNoSSO, UserID: sess.User.ID, What: "sso_unlinked", Keep: sess.ID, From: client.Origin(),
			Event: sess.Event(audit.SSOUnlinked, client),
		})
	})
}
