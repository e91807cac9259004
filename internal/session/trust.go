package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// ByTrustedBrowser is the password in a browser that the user trusts: where the office allows it no second factor is
// asked for. The session is in, and has none: whatever asks for a proof of it, however old, finds none.
const ByTrustedBrowser AuthSource = "trusted_browser"

// maxTrusted is how many browsers a user may trust; with one more the oldest is asked again.
const maxTrusted = 20

// Trusted reports whether a trusted browser stands for the second factor.
func (s Session) Trusted() bool { return s.Level == 2 && s.SecondFactorAt.IsZero() }

// Proven returns how many factors were proven in the session.
func (s Session) Proven() int {
	if s.Trusted() {
		return 1
	}
	return s.Level
}

// Trust is the secret by which a browser is known as trusted, and how long it serves.
type Trust struct {
	Token Token
	Life  time.Duration
}

// TrustBrowser trusts the browser of a session in which the password and a second factor were proven just now, in the
// transaction tx of whoever holds the user's row. ErrNone where the office allows none, or nothing was proven.
func (s *Store) TrustBrowser(ctx context.Context, tx pgx.Tx, sess Session, client Client) (Trust, error) {
	token := NewToken()
	row, err := s.q.TrustInsert(ctx, tx, dbsqlc.TrustInsertParams{
		UserID: sess.User.ID, TokenHash: token.Hash(), UserAgent: clip(client.UserAgent), SessionID: sess.ID,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Trust{}, ErrNone
	}
	if err != nil {
		return Trust{}, fmt.Errorf("trust a browser of user %d: %w", sess.User.ID, err)
	}
	oldest, err := s.q.TrustOldest(ctx, tx, dbsqlc.TrustOldestParams{UserID: sess.User.ID, Newest: maxTrusted})
	if err != nil {
		return Trust{}, fmt.Errorf("look for too many trusted browsers of user %d: %w", sess.User.ID, err)
	}
	for _, id := range oldest {
		if _, err := endTrust(ctx, s.q, tx, Which{UserID: sess.User.ID, ID: id}); err != nil {
			return Trust{}, err
		}
	}
	return Trust{token, row.ExpiresAt.Sub(row.Now)}, nil
}

// UseTrust returns the trust of a user in a browser, in the transaction tx that begins their session, or ErrNone.
func (s *Store) UseTrust(ctx context.Context, tx pgx.Tx, user account.User, client Client) (int64, error) {
	if len(client.Trust) == 0 {
		return 0, ErrNone
	}
	id, err := s.q.TrustUse(ctx, tx, dbsqlc.TrustUseParams{UserID: user.ID, TokenHashes: client.Trust})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrNone
	}
	if err != nil {
		return 0, fmt.Errorf("look for a trusted browser of user %d: %w", user.ID, err)
	}
	return id, nil
}

// RaisedBy notes by which trust a session is in.
func (s *Store) RaisedBy(ctx context.Context, tx pgx.Tx, sess Session, trust int64) error {
	if err := s.q.SessionTrustedBy(ctx, tx, dbsqlc.SessionTrustedByParams{ID: sess.ID, TrustedBy: trust}); err != nil {
		return fmt.Errorf("note the trusted browser of session %d: %w", sess.ID, err)
	}
	return nil
}

// TrustedBrowser is one that its user trusts, as they see it in the list.
type TrustedBrowser struct {
	ID                        int64
	UserAgent                 string
	Current                   bool
	CreatedAt, UsedAt, EndsAt time.Time
}

// TrustedBrowsers returns those of the acting session's user, the last used first.
func (s *Store) TrustedBrowsers(ctx context.Context, acting Session, client Client) ([]TrustedBrowser, error) {
	rows, err := s.q.TrustList(ctx, s.pool, acting.User.ID)
	if err != nil {
		return nil, fmt.Errorf("list the trusted browsers of user %d: %w", acting.User.ID, err)
	}
	all := make([]TrustedBrowser, len(rows))
	for i, r := range rows {
		all[i] = TrustedBrowser{
			ID: r.ID, UserAgent: r.UserAgent, CreatedAt: r.CreatedAt, UsedAt: r.UsedAt, EndsAt: r.ExpiresAt,
		}
		for _, hash := range client.Trust {
			all[i].Current = all[i].Current || bytes.Equal(hash, r.TokenHash)
		}
	}
	return all, nil
}

// EndTrusted ends the trust of the acting session's user in a browser, and the sessions that stand by it alone. ErrNone
// when the user trusts no such browser.
func (s *Store) EndTrusted(ctx context.Context, acting Session, id int64, client Client) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		n, err := EndTrust(ctx, tx, Which{UserID: acting.User.ID, ID: id})
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNone // another user's: the transaction takes everything back
		}
		return s.log.Write(ctx, tx, acting.Event(audit.BrowserTrustEnded, client))
	})
}

// EndTrust ends the trust in one browser of a user, in all of theirs, or in all of an office, and the sessions that
// stand by it alone. It returns how many browsers were trusted.
func EndTrust(ctx context.Context, tx pgx.Tx, which Which) (int64, error) {
	q := dbsqlc.New()
	n, err := endTrust(ctx, q, tx, which)
	if n == 0 || err != nil {
		return 0, err
	}
	// The challenges first: rows are taken in one order everywhere.
	err = q.ChallengeEndOfTrusted(ctx, tx, dbsqlc.ChallengeEndOfTrustedParams{
		UserID: which.UserID, OfficeID: which.OfficeID,
	})
	if err == nil {
		err = q.SessionEndOfTrusted(ctx, tx, dbsqlc.SessionEndOfTrustedParams{
			UserID: which.UserID, OfficeID: which.OfficeID,
		})
	}
	if err != nil {
		return 0, fmt.Errorf("end the sessions of trusted browsers %+v: %w", which, err)
	}
	return n, nil
}

func endTrust(ctx context.Context, q *dbsqlc.Queries, tx pgx.Tx, which Which) (int64, error) {
	n, err := q.TrustEnd(ctx, tx, dbsqlc.TrustEndParams{
		ID: which.ID, UserID: which.UserID, OfficeID: which.OfficeID,
	})
	if err != nil {
		return 0, fmt.Errorf("end the trust in browsers %+v: %w", which, err)
	}
	return n, nil
}
