package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// PurposeStop is a link that sets no password: it stops what was asked for in its user's name.
const PurposeStop Purpose = "stop"

// What a request for help tells: its user, with a link that stops it, and the superusers of the office.
const (
	HelpOwn   = "help_own"
	helpAsked = "help_asked"
)

// AskedForHelp tells a user, and the superusers of their office, that somebody who gave the user's password asks to be
// let in without the second factor. The words are in none of it. With mails false superusers see it on their pages
// alone.
func (w *Ways) AskedForHelp(ctx context.Context, tx pgx.Tx, user User, from Origin, mails bool) error {
	if err := w.notice(ctx, tx, user.ID, HelpOwn); err != nil {
		return err
	}
	mail := Mail{UserID: user.ID, Kind: HelpOwn, Language: from.Language, From: from}
	if w.CanMail() {
		token := newLinkToken()
		id, err := w.q.LinkInsertStop(ctx, tx, dbsqlc.LinkInsertStopParams{UserID: user.ID, TokenHash: token.hash()})
		if err != nil {
			return fmt.Errorf("make a link that stops for user %d: %w", user.ID, err)
		}
		mail.LinkID, mail.Token = id, token
		if err := w.post.Mail(ctx, tx, mail); err != nil {
			return err
		}
	}
	superusers, err := w.q.UserSuperusers(ctx, tx, user.OfficeID)
	if err != nil {
		return fmt.Errorf("list the superusers of office %d: %w", user.OfficeID, err)
	}
	for _, id := range superusers {
		if id == user.ID {
			continue
		}
		if err := w.notice(ctx, tx, id, helpAsked); err != nil {
			return err
		}
		if !mails {
			continue
		}
		told := Mail{UserID: id, Kind: helpAsked, Language: from.Language, From: from, By: user.ID}
		if err := w.post.Mail(ctx, tx, told); err != nil {
			return err
		}
	}
	return nil
}

// Stopper stops, in the transaction that uses a user's link, what was asked for in their name.
type Stopper interface {
	StopHelp(ctx context.Context, tx pgx.Tx, userID int64, event audit.Event) error
}

// UseStopLink stops what was asked for in the name of a link's user, once. It signs nobody in and changes no password.
// It returns ErrLink.
func (s *Service) UseStopLink(ctx context.Context, by Stopper, token Token, from Origin) error {
	link, err := s.OpenLink(ctx, token)
	if err != nil {
		return err
	}
	if link.Purpose != PurposeStop {
		return ErrLink
	}
	return s.inUserTx(ctx, link.user, func(tx pgx.Tx) error {
		n, err := s.q.LinkUse(ctx, tx, dbsqlc.LinkUseParams{ID: link.id, UsedBy: from.Browser})
		if err != nil {
			return fmt.Errorf("use link %d: %w", link.id, err)
		}
		if n == 0 {
			return ErrLink
		}
		return by.StopHelp(ctx, tx, link.user.ID, audit.Event{
			Office: link.user.OfficeID, Actor: link.user.Person(), Action: audit.HelpStopped, Address: from.Address,
		})
	})
}

// inUserTx runs do behind the locks of a user's office and of the user.
func (s *Service) inUserTx(ctx context.Context, user User, do func(tx pgx.Tx) error) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.q.OfficeHold(ctx, tx, user.OfficeID); err != nil {
			return fmt.Errorf("hold office %d: %w", user.OfficeID, err)
		}
		_, err := s.q.UserLock(ctx, tx, dbsqlc.UserLockParams{OfficeID: user.OfficeID, ID: user.ID})
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrLink
		}
		if err != nil {
			return fmt.Errorf("lock user %d: %w", user.ID, err)
		}
		return do(tx)
	})
}
