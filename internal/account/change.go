package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// PasswordRules returns whom the password of a user of an office is for, or ErrUnknown.
func (s *Service) PasswordRules(ctx context.Context, officeID, userID int64) (PasswordFor, error) {
	u, err := s.q.PasswordRules(ctx, s.pool, dbsqlc.PasswordRulesParams{OfficeID: officeID, ID: userID})
	if errors.Is(err, pgx.ErrNoRows) {
		return PasswordFor{}, ErrUnknown
	}
	if err != nil {
		return PasswordFor{}, fmt.Errorf("read user %d: %w", userID, err)
	}
	return PasswordFor{u.Username, u.Name, u.Email, u.OfficeCode, u.OfficeName, s.product, u.TwoFactorRequired}, nil
}

// ChangePassword changes a signed-in user's own password, with the present one, and ends their links and their sessions
// but this one. It returns *Refusal (before the present password is looked at), ErrWrong and *Delay as CheckPassword
// does, and ErrBusy.
func (s *Service) ChangePassword(ctx context.Context, user User, sessionID int64, present, password string,
	from Origin) error {
	rules, err := s.PasswordRules(ctx, user.OfficeID, user.ID)
	if err != nil {
		return err
	}
	password = typed.Password(password)
	if problem := PasswordProblem(password, rules); problem != nil {
		return problem
	}
	before, err := s.q.UserPasswordHash(ctx, s.pool, user.ID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read user %d: %w", user.ID, err)
	}
	door := rules.OfficeCode
	if user.IsOperator() {
		door = operatorDoor
	}
	if err := s.CheckPassword(ctx, user, sessionID, door, present, from.Address); err != nil {
		return err
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.q.PasswordLock(ctx, tx, dbsqlc.PasswordLockParams{OfficeID: user.OfficeID, ID: user.ID})
		changed := now.PasswordVersion != before.PasswordVersion || now.DisabledAt != nil
		if errors.Is(err, pgx.ErrNoRows) || err == nil && changed {
			return ErrWrong // reset or disabled meanwhile: what was proven is the present password no more
		}
		if err != nil {
			return fmt.Errorf("lock user %d: %w", user.ID, err)
		}
		return s.setPassword(ctx, tx, user, hash, long(password), Changed{
			Way: WayPassword, What: noticePassword, Keep: sessionID, From: from,
			Event: audit.Event{Action: audit.PasswordChanged},
		})
	})
}
