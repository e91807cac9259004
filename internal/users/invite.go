package users

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// CanMail reports whether this installation sends mail at all: without it nobody is invited.
func (s *Service) CanMail() bool { return s.ways.CanMail() }

// Invite sends a user without a password the link that sets one. It returns account.ErrUnknown, account.ErrHasPassword,
// account.ErrNoMail, fault.Forbidden, fault.StepUpRequired.
func (s *Service) Invite(ctx context.Context, sess session.Session, client session.Client, id int64) error {
	return s.act(ctx, sess, changing, func(tx pgx.Tx) error {
		return s.invite(ctx, tx, sess, client, id)
	})
}

func (s *Service) invite(ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client,
	id int64) error {
	return s.ways.Invite(ctx, tx, id, client.Language, sess.Event(audit.Invited, client))
}

// InviteAgain sends many users of the session's office the link that sets their first password, or the one after a
// reset, five hundred in a transaction, and returns how many were. Who has a password, is disabled, has no e-mail
// address, is no user of the office, or was sent one within the last minute is left out: done twice, it sends no second
// mail that makes the first worthless. It returns fault.Forbidden and fault.StepUpRequired.
func (s *Service) InviteAgain(ctx context.Context, sess session.Session, client session.Client, ids []int64) (
	invited int, err error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for some := range slices.Chunk(ids, atOnce) {
		n, err := s.inviteAgain(ctx, sess, client, some)
		if invited += n; err != nil {
			return invited, err
		}
	}
	return invited, nil
}

// atOnce is how many are invited in one transaction, which holds the office.
const atOnce = 500

func (s *Service) inviteAgain(ctx context.Context, sess session.Session, client session.Client, ids []int64) (
	invited int, err error) {
	err = s.act(ctx, sess, changing, func(tx pgx.Tx) error {
		just, err := s.q.LinksOfLastMinute(ctx, tx, ids)
		if err != nil {
			return fmt.Errorf("read who has just been sent a link: %w", err)
		}
		for _, id := range ids {
			if slices.Contains(just, id) {
				continue
			}
			err := s.invite(ctx, tx, sess, client, id)
			switch {
			case errors.Is(err, account.ErrUnknown), errors.Is(err, account.ErrHasPassword),
				errors.Is(err, account.ErrNoMail):
				continue
			case err != nil:
				return err
			}
			invited++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return invited, nil
}
