package users

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// LoggedIn returns how many living sessions an office has, and of how many users.
func (s *Service) LoggedIn(ctx context.Context, officeID int64) (sessions, users int, err error) {
	r, err := s.q.OfficeSessions(ctx, s.pool, officeID)
	if err != nil {
		return 0, 0, fmt.Errorf("count the sessions of office %d: %w", officeID, err)
	}
	return int(r.Sessions), int(r.Users), nil
}

// LogOut ends every session of a user of the office; the acting one stays. Ending sessions takes nobody's
// rights away that a log-in does not give back, so it needs no fresh proof: in need it must be quick.
// It returns account.ErrUnknown, fault.Forbidden.
func (s *Service) LogOut(ctx context.Context, sess session.Session, client session.Client, id int64) error {
	return s.act(ctx, sess, quick, func(tx pgx.Tx) error {
		user, err := s.lock(ctx, tx, sess, id)
		if err != nil {
			return err
		}
		if _, err := s.sessions.End(ctx, tx, session.Which{UserID: id, Except: sess.ID}); err != nil {
			return err
		}
		return s.write(ctx, tx, sess, client, audit.UserSessionsEnded, audit.Person{ID: id, Name: user.Username}, "")
	})
}

// LogOutAll ends every session of the office; the acting one stays unless it is to end too.
// It returns fault.Forbidden.
func (s *Service) LogOutAll(ctx context.Context, sess session.Session, client session.Client, ownToo bool) error {
	except := sess.ID
	if ownToo {
		except = 0
	}
	return s.act(ctx, sess, quick, func(tx pgx.Tx) error {
		if _, err := s.sessions.End(ctx, tx, session.Which{OfficeID: sess.User.OfficeID, Except: except}); err != nil {
			return err
		}
		return s.log.Write(ctx, tx, sess.Event(audit.OfficeSessionsEnded, client))
	})
}
