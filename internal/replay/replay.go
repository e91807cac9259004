// Package replay keeps the answer to the last form of each browser, so that the same form sent twice has the effect of
// one and shows the result of that one: a double click, a reload, or a browser whose answer was lost on its way.
//
// A form is the same when everything is: the session's token (or, before there is one, the browser's own cookie), the
// address and the fields, proofs among them. The database has a MAC of that, and the answer sealed, for 30 seconds. An
// answer that handed the browser its session's new token is given once more with yet another one, and only to a form
// that is the same: whoever has the token that was replaced, and not the proof that replaced it, gets nothing.
package replay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/session"
)

// The uses of the keys.
const (
	purposeForm   = "repeated form"
	purposeAnswer = "kept answer"
)

// wait is how often a form that is under way is looked at.
const wait = 30 * time.Millisecond

// ErrUnderWay says that the same form is still being performed.
var ErrUnderWay = fault.New(fault.Unavailable, "the same form is under way")

// Form is a form as one browser sent it.
type Form struct {
	by, mac []byte
}

// Answer is an answer as it is kept. Its header has no session's token.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Kept is an answer that was found.
type Kept struct {
	Answer
	Token session.Token // the session's next one, "" when the answer handed out none
}

// Store keeps answers.
type Store struct {
	pool *db.Pool
	q    *dbsqlc.Queries
	ring *keys.Ring
}

// NewStore returns a Store.
func NewStore(pool *db.Pool, ring *keys.Ring) *Store { return &Store{pool, dbsqlc.New(), ring} }

// Form returns the form of a browser: token is its session's, living or not, browser its own cookie, what all that was
// sent. ok is false for a browser that cannot be told from others.
func (s *Store) Form(token session.Token, browser, what string) (_ Form, ok bool) {
	by := token.Hash()
	if by == nil && browser != "" {
		sum := sha256.Sum256([]byte(browser))
		by = sum[:]
	}
	return Form{by, s.ring.MAC(purposeForm, hex.EncodeToString(by), browser+"\x00"+what)}, by != nil
}

// Forget forgets the answer to the last form of a session, whose browser has gone on to another page: the answer has
// come, and the same form sent once more is meant.
func (s *Store) Forget(ctx context.Context, token session.Token) error {
	if err := s.q.KeptAnswerForget(ctx, s.pool, token.Hash()); err != nil {
		return fmt.Errorf("forget an answer: %w", err)
	}
	return nil
}

// Claim makes the caller the one who performs a form, or returns the answer that it had. It waits for the same form
// that is under way: ErrUnderWay when that takes longer than the request may.
func (s *Store) Claim(ctx context.Context, form Form) (kept *Kept, _ error) {
	for range 3 {
		n, err := s.q.KeptAnswerClaim(ctx, s.pool, dbsqlc.KeptAnswerClaimParams{AskedBy: form.by, FormMac: form.mac})
		if err != nil {
			return nil, fmt.Errorf("claim a form: %w", err)
		}
		if n == 1 {
			return nil, nil
		}
		// None: what was under way gave up, or its answer is too old by now.
		if kept, err = s.Find(ctx, form); kept != nil || err != nil {
			return kept, err
		}
	}
	return nil, nil // nobody can open it
}

// Find returns the answer of a form that was performed, nil when none is kept. It waits like Claim.
func (s *Store) Find(ctx context.Context, form Form) (*Kept, error) {
	for {
		r, err := s.q.KeptAnswerFind(ctx, s.pool, dbsqlc.KeptAnswerFindParams{AskedBy: form.by, FormMac: form.mac})
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("look for the answer to a form: %w", err)
		case r.AnswerCt != nil:
			return s.open(ctx, form, r)
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ErrUnderWay, ctx.Err())
		case <-time.After(wait):
		}
	}
}

// open returns a kept answer, with another token where it had one. nil when its session went on with that one, or has
// ended: then nothing was lost, or nothing is given back.
func (s *Store) open(ctx context.Context, form Form, r dbsqlc.KeptAnswerFindRow) (*Kept, error) {
	kept := &Kept{}
	raw, err := s.ring.Open(purposeAnswer, hex.EncodeToString(form.by), r.AnswerCt)
	if err != nil || json.Unmarshal(raw, &kept.Answer) != nil {
		return nil, nil //nolint:nilerr // its key is gone: keys are not kept for 30 s of an answer
	}
	if r.SuccessorHash == nil {
		return kept, nil
	}
	kept.Token = session.NewToken()
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		n, err := s.q.SessionReissue(ctx, tx, dbsqlc.SessionReissueParams{
			ID: r.SessionID, OldHash: r.SuccessorHash, TokenHash: kept.Token.Hash(),
		})
		if err == nil && n == 1 {
			n, err = s.q.KeptAnswerFollow(ctx, tx, dbsqlc.KeptAnswerFollowParams{
				AskedBy: form.by, FormMac: form.mac, OldHash: r.SuccessorHash, TokenHash: kept.Token.Hash(),
			})
		}
		if err == nil && n == 0 {
			return session.ErrNone
		}
		return err
	})
	if errors.Is(err, session.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("give session %d another token: %w", r.SessionID, err)
	}
	return kept, nil
}

// Keep keeps the answer to a form. token is the session's new one, "" when the answer has none; refused says that the
// form changed nothing. claimed says that the caller claimed it.
func (s *Store) Keep(ctx context.Context, form Form, answer Answer, token session.Token, refused, claimed bool) error {
	raw, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("write down an answer: %w", err)
	}
	err = s.q.KeptAnswerPut(ctx, s.pool, dbsqlc.KeptAnswerPutParams{
		AskedBy: form.by, FormMac: form.mac, AnswerCt: s.ring.Seal(purposeAnswer, hex.EncodeToString(form.by), raw),
		SuccessorHash: token.Hash(), Refused: refused, Claimed: claimed,
	})
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

// Drop gives a claim back: the form failed, and may be sent again.
func (s *Store) Drop(ctx context.Context, form Form) error {
	err := s.q.KeptAnswerDrop(ctx, s.pool, dbsqlc.KeptAnswerDropParams{AskedBy: form.by, FormMac: form.mac})
	if err != nil {
		return fmt.Errorf("give a form back: %w", err)
	}
	return nil
}

// Upkeep deletes answers that are over.
func (s *Store) Upkeep(ctx context.Context) error {
	if err := db.Drain(ctx, s.pool, s.q.KeptAnswerDeleteOld); err != nil {
		return fmt.Errorf("delete kept answers: %w", err)
	}
	return nil
}
