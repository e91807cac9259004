// Package rescue helps a user in who has the password and not the second factor: the pending log-in asks, a superuser
// of the office answers.
//
// The rule it protects: whoever knows a password gets nothing from asking. A request shows three words to the browser
// that began it; the superuser types what the caller reads out, so that the answer is for the browser of the person on
// the phone. What is kept of the words is their MAC. The user is written to, with a link that stops it. Start at Ask.
package rescue

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/spoken"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// purposeWords names the key of the words' MACs, and of the words in the cookie of who asked.
const purposeWords = "spoken words"

var (
	// ErrTooMany says that enough was asked for in this log-in, or for this user in a day.
	ErrTooMany = fault.New(fault.Conflict, "too many requests for help")
	// ErrNotWords says that what was typed cannot be the words: nothing was counted.
	ErrNotWords = fault.New(fault.Invalid, "not three words of a list")
	// ErrOver says that there is nothing to answer: answered, stopped, expired, or the log-in ended.
	ErrOver = fault.New(fault.Ended, "the request for help is over")
)

// Wrong is words that are not those of a request. At Left 0 it is over.
type Wrong struct{ Left int }

func (w *Wrong) Error() string { return fmt.Sprintf("wrong words, %d tries left", w.Left) }

// Service takes requests and answers.
type Service struct {
	pool     *db.Pool
	q        *dbsqlc.Queries
	keys     *keys.Ring
	sessions *session.Store
	factors  *twofactor.Service
	ways     *account.Ways
	log      *audit.Log
}

// New returns the Service.
func New(pool *db.Pool, ring *keys.Ring, sessions *session.Store, factors *twofactor.Service, ways *account.Ways,
	log *audit.Log) *Service {
	return &Service{pool, dbsqlc.New(), ring, sessions, factors, ways, log}
}

// Ask begins a request in a pending log-in, in the place of one that it began before, and returns the words, sealed for
// a cookie of the browser that asked: see Words. It returns ErrTooMany, and ErrOver for a log-in that has no second
// step to be helped with.
func (s *Service) Ask(ctx context.Context, sess session.Session, client session.Client) (sealed string, err error) {
	words := spoken.New(client.Language)
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error { return s.ask(ctx, tx, sess, client, words) })
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.keys.Seal(purposeWords, row(sess.ID), []byte(words))), nil
}

func (s *Service) ask(
	ctx context.Context, tx pgx.Tx, sess session.Session, client session.Client, words string,
) error {
	if _, err := s.q.OfficeHold(ctx, tx, sess.User.OfficeID); err != nil {
		return fmt.Errorf("hold office %d: %w", sess.User.OfficeID, err)
	}
	user := dbsqlc.UserLockParams{OfficeID: sess.User.OfficeID, ID: sess.User.ID}
	if _, err := s.q.UserLock(ctx, tx, user); err != nil {
		return fmt.Errorf("lock user %d: %w", sess.User.ID, err)
	}
	now, err := s.sessions.Refresh(ctx, tx, sess)
	if err != nil {
		return err
	}
	if !now.Pending() || !now.Factors.HasFactor() || now.User.IsOperator() {
		return ErrOver
	}
	may, err := s.q.HelpRequestMay(ctx, tx, dbsqlc.HelpRequestMayParams{
		SessionID: sess.ID, UserID: sess.User.ID, KnownBrowser: now.KnownBrowser, OfficeID: sess.User.OfficeID,
	})
	if err != nil {
		return fmt.Errorf("count the requests of user %d: %w", sess.User.ID, err)
	}
	if !may.Allowed {
		return ErrTooMany
	}
	if err := s.q.HelpRequestReplace(ctx, tx, sess.ID); err != nil {
		return fmt.Errorf("replace the request of session %d: %w", sess.ID, err)
	}
	mac, keyID := s.keys.MACAndKey(purposeWords, row(sess.ID), words)
	err = s.q.HelpRequestInsert(ctx, tx, dbsqlc.HelpRequestInsertParams{
		SessionID: sess.ID, UserID: sess.User.ID, WordsMac: mac, KeyID: keyID, KnownBrowser: now.KnownBrowser,
		Told: may.Tell,
	})
	if err != nil {
		return fmt.Errorf("keep a request of session %d: %w", sess.ID, err)
	}
	if err := s.ways.AskedForHelp(ctx, tx, now.User, client.Origin(), may.Tell); err != nil {
		return err
	}
	return s.log.Write(ctx, tx, sess.Event(audit.HelpAsked, client))
}

// Words returns the words that Ask sealed for this session; "" for anything else.
func (s *Service) Words(sess session.Session, sealed string) string {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return ""
	}
	words, err := s.keys.Open(purposeWords, row(sess.ID), raw)
	if err != nil {
		return ""
	}
	return string(words)
}

// row returns a session's id as associated data: words of another log-in open nothing, and match nothing.
func row(sessionID int64) string { return strconv.FormatInt(sessionID, 10) }

// Asked is the newest request of a log-in, as its user sees it.
type Asked struct {
	ID        int64
	Lives     bool
	Outcome   string // of one that was answered or ended; "" for one whose time is over
	ExpiresAt time.Time
	Now       time.Time
}

// Current returns the newest request of a session, or ErrOver when it has begun none.
func (s *Service) Current(ctx context.Context, sess session.Session) (Asked, error) {
	r, err := s.q.HelpRequestOfSession(ctx, s.pool, sess.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Asked{}, ErrOver
	}
	if err != nil {
		return Asked{}, fmt.Errorf("read the request of session %d: %w", sess.ID, err)
	}
	return Asked{r.ID, r.Lives, r.Outcome, r.ExpiresAt, r.Now}, nil
}

// Helpers returns the names of the superusers whom a session's user can ask.
func (s *Service) Helpers(ctx context.Context, sess session.Session) ([]string, error) {
	names, err := s.q.UserHelpers(ctx, s.pool, dbsqlc.UserHelpersParams{
		OfficeID: sess.User.OfficeID, ExceptID: sess.User.ID,
	})
	if err != nil {
		return nil, fmt.Errorf("list who can help user %d: %w", sess.User.ID, err)
	}
	return names, nil
}
