package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
)

// ErrHasPassword says that an invitation is too late: the user has a password.
var ErrHasPassword = fault.New(fault.Conflict, "the user has a password")

// Invite sends a user without a password the link to set one, the first or the one after a reset, in the transaction of
// whoever asks for it; a link sent before ends. The first lives as long as the office says, the other as long as every
// reset's. A user who chose no language is written to in language, that of who asks: most offices speak one. by says
// whose office it is, who asks and from where. It returns ErrUnknown for a user of another office, ErrHasPassword, and
// ErrNoMail.
func (w *Ways) Invite(ctx context.Context, tx pgx.Tx, userID int64, language string, by audit.Event) error {
	user, err := w.q.PasswordLock(ctx, tx, dbsqlc.PasswordLockParams{OfficeID: by.Office, ID: userID})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrUnknown
	case err != nil:
		return fmt.Errorf("lock user %d: %w", userID, err)
	case !w.CanMail() || user.Email == "" || user.DisabledAt != nil:
		return ErrNoMail
	case user.PasswordHash != "":
		return ErrHasPassword
	}
	if err := w.q.LinkEndOfUser(ctx, tx, dbsqlc.LinkEndOfUserParams{UserID: userID}); err != nil {
		return fmt.Errorf("end the links of user %d: %w", userID, err)
	}
	purpose, kind := PurposeInvite, string(PurposeInvite)
	if user.Voided {
		purpose, kind = PurposeReset, Restart
	}
	mail := Mail{UserID: userID, Kind: kind, Language: language, By: by.Actor.ID}
	if err := w.link(ctx, tx, purpose, purpose == PurposeInvite, mail); err != nil {
		return err
	}
	by.Action, by.Subject = audit.Invited, audit.Person{ID: userID, Name: user.Username}
	return w.log.Write(ctx, tx, by)
}

// createInvited makes a user without a password and invites them.
func (s *Service) createInvited(ctx context.Context, officeID int64, n NewUser, actor audit.Person) (int64, error) {
	var id int64
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		// No hash is "": such a user cannot sign in.
		id, err = s.q.UserInsert(ctx, tx, dbsqlc.UserInsertParams{
			OfficeID: officeID, Username: n.Username, Name: n.Name, Email: n.Email, Role: string(n.Role),
		})
		if err != nil {
			return err
		}
		err = s.log.Write(ctx, tx, audit.Event{
			Office: officeID, Actor: actor, Subject: audit.Person{ID: id, Name: n.Username}, Action: audit.UserCreated,
			Detail: string(n.Role),
		})
		if err != nil {
			return err
		}
		return s.ways.Invite(ctx, tx, id, "", audit.Event{Office: officeID, Actor: actor})
	})
	switch {
	case db.IsUnique(err):
		return 0, fmt.Errorf("office %s already has a user %s", n.OfficeCode, n.Username)
	case errors.Is(err, ErrNoMail):
		return 0, errors.New("an invitation needs an e-mail address (--email) and a mail server (SMTP_URL)")
	case err != nil:
		return 0, fmt.Errorf("create user: %w", err)
	}
	return id, nil
}
