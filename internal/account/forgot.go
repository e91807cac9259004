package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/network"
)

// forgottenOfName: so many mails in a link's life a stranger can make us send to somebody.
const forgottenOfName = 3

// ErrTooMany says that too many new passwords were asked for from one network in the last hour.
var ErrTooMany = fault.New(fault.Unavailable, "too many requests for a new password from this network")

// Forgot notes that somebody at from forgot the password of a name, and queues the rest (AnswerForgotten). It does the
// same for a known name, an unknown one, a disabled user and one without e-mail, in the same statements and time,
// and says the same: nil, or ErrTooMany for the network alone, which has then written nothing. A fourth request for a
// name within the life of a link does nothing, known or not: a link for an earlier one lives. It returns ErrNoMail
// where this installation sends none.
func (s *Service) Forgot(ctx context.Context, officeCode, username string, from Origin) error {
	return s.forgotten(ctx, CanonicalOfficeCode(officeCode), username, from)
}

// ForgotLink is Forgot for whoever holds a link, living or over: its user is written to, at the address they have
// now. A link that never was does and says the same as one whose user is gone.
func (s *Service) ForgotLink(ctx context.Context, token Token, from Origin) error {
	owner, err := s.q.LinkOwner(ctx, s.pool, token.hash())
	if errors.Is(err, pgx.ErrNoRows) {
		owner.Username = string(token)
	} else if err != nil {
		return fmt.Errorf("read whose a link is: %w", err)
	}
	return s.forgotten(ctx, owner.OfficeCode, owner.Username, from)
}

func (s *Service) forgotten(ctx context.Context, officeCode, username string, from Origin) error {
	if !s.CanMail() {
		return ErrNoMail
	}
	usernames := LookUp(username)
	name := sha256.Sum256([]byte(counted(officeCode, CanonicalUsername(username))))
	at := network.Of(from.Address)
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		err := s.q.ForgottenLock(ctx, tx, dbsqlc.ForgottenLockParams{NameHash: name[:], Site: at.Site()})
		if err != nil {
			return fmt.Errorf("wait for the turn to count: %w", err)
		}
		counts, err := s.q.ForgottenCounts(ctx, tx, dbsqlc.ForgottenCountsParams{
			NameHash: name[:], OfficeCode: officeCode, Usernames: usernames, BrowserHash: from.Browser,
			Network: at.Host(), Site: at.Site(), Own: at.Own(),
		})
		if err != nil {
			return fmt.Errorf("count forgotten passwords: %w", err)
		}
		switch {
		case counts.TooMany:
			return ErrTooMany
		case counts.OfName >= forgottenOfName:
			return nil
		}
		id, err := s.q.ForgottenInsert(ctx, tx, dbsqlc.ForgottenInsertParams{
			NameHash: name[:], OfficeCode: officeCode, Usernames: usernames, Address: from.Address,
			Network: at.Host(), Site: at.Site(), UserAgent: clip(clean(from.UserAgent), 300), Language: from.Language,
		})
		if err != nil {
			return fmt.Errorf("note a forgotten password: %w", err)
		}
		return s.outbox.AnswerForgotten(ctx, tx, id)
	})
}

// AnswerForgotten finds out who it was that asked and, when that is a user who can sign in and be written to, sends
// them the link. Run twice, it does no harm: done completes its job in the same transaction.
func (s *Service) AnswerForgotten(ctx context.Context, forgottenID int64,
	done func(context.Context, pgx.Tx) error) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.answerForgotten(ctx, tx, forgottenID); err != nil {
			return err
		}
		return done(ctx, tx)
	})
}

func (s *Service) answerForgotten(ctx context.Context, tx pgx.Tx, id int64) error {
	asked, err := s.q.ForgottenByID(ctx, tx, id)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (asked.UserID == nil || !asked.Recent) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read forgotten password %d: %w", id, err)
	}
	user, err := s.q.UserByID(ctx, tx, *asked.UserID)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && (user.Email == "" || user.DisabledAt != nil ||
		user.OfficeID == nil || !s.CanMail()) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read user %d: %w", *asked.UserID, err)
	}
	from := Origin{Address: asked.Address, UserAgent: asked.UserAgent, Language: asked.Language}
	purpose := PurposeReset
	if user.Invited {
		purpose = PurposeInvite // a first password: the mail and its page say so
	}
	mail := Mail{UserID: user.ID, Kind: string(purpose), Language: from.Language, From: from}
	if err := s.ways.link(ctx, tx, purpose, false, mail); err != nil {
		return err
	}
	return s.log.Write(ctx, tx, audit.Event{
		Office: *user.OfficeID, Subject: audit.Person{ID: user.ID, Name: user.Username}, Action: audit.PasswordResetAsked,
		Address: asked.Address,
	})
}

// LinkUpkeep drops what is too old to matter: links a month old, requests an hour old.
func (s *Service) LinkUpkeep(ctx context.Context) error {
	if err := db.Drain(ctx, s.pool, s.q.ForgottenDeleteOld, s.q.ForgottenTrim, s.q.LinkDeleteOld); err != nil {
		return fmt.Errorf("drop old links: %w", err)
	}
	return nil
}
