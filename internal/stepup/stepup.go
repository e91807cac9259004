// Package stepup keeps the form of a user who has to prove a factor or the password once more before it is performed,
// so that nothing typed is lost on the way.
//
// A form belongs to one session and to the browser that posted it, by a ticket that only this has, and is performed at
// most once: Take deletes it. A copy of the session's cookie, which no proof of its owner must serve, holds no form for
// the owner to prove. It is sealed, since a form may hold a secret, and gone with the session or after ten minutes.
package stepup

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/session"
)

// purpose is the use of the keys.
const purpose = "held form"

// Form is a form as it was posted.
type Form struct {
	Path        string // of ours, without a query
	ContentType string
	Body        []byte
}

// Store keeps held forms.
type Store struct {
	pool *db.Pool
	q    *dbsqlc.Queries
	ring *keys.Ring
}

// NewStore makes the Store.
func NewStore(pool *db.Pool, ring *keys.Ring) *Store { return &Store{pool, dbsqlc.New(), ring} }

// Hold keeps a form of the session for as long as a proof counts as fresh, in place of the one it held before. next is
// the page that the step-up leads back to: Take must name it, and bring the ticket that Hold returns.
func (s *Store) Hold(
	ctx context.Context, sess session.Session, next string, form Form,
) (ticket session.Token, _ error) {
	ticket = session.NewToken()
	err := s.q.HeldFormPut(ctx, s.pool, dbsqlc.HeldFormPutParams{
		SessionID: sess.ID, Path: form.Path, Next: next, ContentType: form.ContentType,
		BodyCt: s.ring.Seal(purpose, row(sess), form.Body), TicketHash: ticket.Hash(), Life: session.Fresh,
	})
	if err != nil {
		return "", fmt.Errorf("hold a form of session %d: %w", sess.ID, err)
	}
	return ticket, nil
}

// Discard forgets the form of a session, which went elsewhere.
func (s *Store) Discard(ctx context.Context, sess session.Session) error {
	if err := s.q.HeldFormDelete(ctx, s.pool, sess.ID); err != nil {
		return fmt.Errorf("discard the form of session %d: %w", sess.ID, err)
	}
	return nil
}

// Take returns the form that a living session holds for this page and ticket, and forgets it; ok is false when there
// is none.
func (s *Store) Take(
	ctx context.Context, sess session.Session, next string, ticket session.Token,
) (form Form, ok bool, _ error) {
	hash := ticket.Hash()
	if hash == nil {
		return Form{}, false, nil
	}
	r, err := s.q.HeldFormTake(ctx, s.pool, dbsqlc.HeldFormTakeParams{SessionID: sess.ID, Next: next, TicketHash: hash})
	if errors.Is(err, pgx.ErrNoRows) {
		return Form{}, false, nil
	}
	if err != nil {
		return Form{}, false, fmt.Errorf("take the form of session %d: %w", sess.ID, err)
	}
	body, err := s.ring.Open(purpose, row(sess), r.BodyCt)
	if err != nil {
		//nolint:nilerr // its key is gone: keys are not kept for ten minutes of a form
		return Form{}, false, nil
	}
	return Form{r.Path, r.ContentType, body}, true, nil
}

func row(sess session.Session) string { return strconv.FormatInt(sess.ID, 10) }
