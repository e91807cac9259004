package twofactor

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// TrustBrowser trusts the browser of a session that has just proven the password and a second factor: its user is asked
// for the password alone there, for as long as their office allows it and until something ends it. They are told by
// mail. It returns session.ErrNone where the office allows none.
func (s *Service) TrustBrowser(
	ctx context.Context, sess session.Session, client session.Client,
) (trust session.Trust, err error) {
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lockUser(ctx, tx, sess.User.OfficeID, sess.User.ID); err != nil {
			return err
		}
		if trust, err = s.sessions.TrustBrowser(ctx, tx, sess, client); err != nil {
			return err
		}
		return s.ways.Changed(ctx, tx, account.Changed{
			Way: account.WayTrust, UserID: sess.User.ID, What: string(NoticeBrowserTrusted), Keep: sess.ID,
			From: client.Origin(), Event: sess.Event(audit.BrowserTrusted, client),
		})
	})
	return trust, err
}
