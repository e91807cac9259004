// Package mail writes to users by e-mail: links that set a password, and notices of what changed.
//
// The rules it protects: a mail is queued in the transaction of what it tells (Queue); its text is made when it is
// sent, so that no job, error or log ever holds a link; a mail whose link opens nothing any more is not sent; links
// are made from the configured public origin alone; and a notice holds no code, no number and no link that acts.
// Start at Queue.Mail, then Service.Deliver.
package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// Message is one mail, ready to be sent.
type Message struct {
	ID      string // for the Message-ID: the same at every try, so that a mail sent twice can be told
	To      string
	Subject string
	Body    string // plain text
	HTML    string // the same for programs that show HTML, or ""
}

// Sender hands a message over. Its errors are *Failure.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// errOver says that there is nothing to send any more. The job is done.
var errOver = errors.New("nothing to send")

// Service sends what Queue queued.
type Service struct {
	pool    *db.Pool
	q       *dbsqlc.Queries
	keys    *keys.Ring
	sender  Sender
	product string
	// currency is that of the providers' accounts.
	currency string
	zone     *time.Location // of users whose browser told none
	origin   func() string
	log      *audit.Log
	logger   *slog.Logger
}

// New returns the Service. sender is nil where no mail is configured: what is still queued is dropped then. origin
// returns the public origin, which a listen address of port 0 settles late.
func New(
	pool *db.Pool, ring *keys.Ring, sender Sender, product, currency string, zone *time.Location,
	origin func() string, log *audit.Log, logger *slog.Logger,
) *Service {
	return &Service{pool, dbsqlc.New(), ring, sender, product, currency, zone, origin, log, logger}
}

// tokenPurpose seals the tokens of links, each in the row of its link.
const tokenPurpose = "link token"

func linkRow(linkID int64) string { return strconv.FormatInt(linkID, 10) }

// Deliver sends one mail: the try is written down, the call made with no transaction open, and the outcome written
// with done, which completes the job. A process that dies in between sends the mail again. last says that no try
// follows this one. It returns nil when the mail is sent or needs no sending, else *Failure (try again, unless
// Permanent).
func (s *Service) Deliver(ctx context.Context, id int64, last bool, done func(context.Context, pgx.Tx) error) error {
	message, err := s.begin(ctx, id)
	if errors.Is(err, errOver) {
		return nil
	}
	if err != nil {
		return err
	}
	err = s.sender.Send(ctx, message)
	// The outcome is written although the job's time is up: a mail that went out must not go out again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), outcomeTimeout)
	defer cancel()
	var failure *Failure
	switch {
	case err == nil:
		return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			if err := s.q.MailEnd(ctx, tx, dbsqlc.MailEndParams{ID: id, State: "sent"}); err != nil {
				return fmt.Errorf("note that mail %d is sent: %w", id, err)
			}
			return done(ctx, tx)
		})
	case !errors.As(err, &failure):
		failure = &Failure{Fault: FaultBroken} // whatever it says may hold an address
	}
	s.logger.WarnContext(ctx, "mail not sent",
		"mail", id, "reason", failure.Reason(), "permanent", failure.Permanent(), "last", last)
	if failure.Permanent() || last {
		err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error { return s.giveUp(ctx, tx, id, failure) })
	} else {
		err = s.q.MailRetry(ctx, s.pool, dbsqlc.MailRetryParams{
			ID: id, Reason: failure.Reason(), Fault: string(failure.Fault), Code: failure.code(),
		})
	}
	if err != nil {
		return fmt.Errorf("note why mail %d is not sent: %w", id, err)
	}
	return failure
}

// giveUp notes that a mail will not arrive, and tells who should know: the history, and the user's own pages.
func (s *Service) giveUp(ctx context.Context, tx pgx.Tx, id int64, failure *Failure) error {
	r, err := s.q.MailFail(ctx, tx, dbsqlc.MailFailParams{
		ID: id, Reason: failure.Reason(), Fault: string(failure.Fault), Code: failure.code(),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // it is over
	}
	if err != nil {
		return err
	}
	if r.Reads {
		if err := s.q.NoticeInsert(ctx, tx, dbsqlc.NoticeInsertParams{UserID: r.UserID, Kind: "mail_failed"}); err != nil {
			return err
		}
	}
	event := audit.Event{
		Actor: audit.Person{ID: r.ByID, Name: r.ByUsername}, Subject: audit.Person{ID: r.UserID, Name: r.Username},
		Action: audit.MailFailed, Detail: failure.Fault.Detail(),
	}
	if r.OfficeID != nil {
		event.Office = *r.OfficeID
	}
	return s.log.Write(ctx, tx, event)
}

// begin judges what is to be sent now and writes the try down. It returns errOver.
func (s *Service) begin(ctx context.Context, id int64) (message Message, err error) {
	over := false
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		r, err := s.q.MailForSending(ctx, tx, id)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && r.Final {
			over = true
			return nil
		}
		if err != nil {
			return fmt.Errorf("read mail %d: %w", id, err)
		}
		if reason := s.obstacle(r); reason != "" {
			over = true
			return s.q.MailEnd(ctx, tx, dbsqlc.MailEndParams{ID: id, State: "dropped", Reason: reason})
		}
		token := ""
		if r.LinkID != nil {
			plain, err := s.keys.Open(tokenPurpose, linkRow(*r.LinkID), r.PayloadCt)
			if err != nil {
				return fmt.Errorf("open the link of mail %d: %w", id, err)
			}
			token = string(plain)
		}
		if _, err := s.q.MailBegin(ctx, tx, id); err != nil {
			return fmt.Errorf("begin mail %d: %w", id, err)
		}
		var names []dbsqlc.ReminderNamesRow
		if r.Kind == kindSummary && r.OfficeID != nil {
			names, err = s.q.ReminderNames(ctx, tx, dbsqlc.ReminderNamesParams{OfficeID: *r.OfficeID, Most: mostNames + 1})
			if err != nil {
				return fmt.Errorf("list who is not ready for mail %d: %w", id, err)
			}
		}
		message, err = s.compose(r, account.Token(token), names)
		return err
	})
	if err == nil && over {
		err = errOver
	}
	return message, err
}

// obstacle says why a mail is not to be sent, or "".
func (s *Service) obstacle(r dbsqlc.MailForSendingRow) string {
	switch {
	case s.sender == nil:
		return "no mail is configured"
	case !r.LinkLives:
		return "link is over"
	case r.DateGone:
		return "date is gone"
	case r.Disabled, r.Email == "":
		return "nobody to write to"
	}
	return ""
}

// Upkeep wipes the links of mails that will never be sent, and drops mails a month old.
func (s *Service) Upkeep(ctx context.Context) error {
	if err := db.Drain(ctx, s.pool, s.q.MailDropDead, s.q.MailDeleteOld); err != nil {
		return fmt.Errorf("drop old mails: %w", err)
	}
	return nil
}
