package mail

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/network"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Outbox queues the jobs of mails in the caller's transaction.
type Outbox interface {
	SendMail(ctx context.Context, tx pgx.Tx, mailID int64, urgent bool) error
}

// Queue takes mails in the transaction of what causes them. It is an account.Post.
type Queue struct {
	q      *dbsqlc.Queries
	keys   *keys.Ring
	outbox Outbox
}

// NewQueue returns a Queue. There is none where no mail is configured.
func NewQueue(ring *keys.Ring, outbox Outbox) *Queue { return &Queue{dbsqlc.New(), ring, outbox} }

// CanMail returns true.
func (u *Queue) CanMail() bool { return true }

// Mail queues a mail in tx. Who is disabled or has no e-mail address gets none.
func (u *Queue) Mail(ctx context.Context, tx pgx.Tx, m account.Mail) error {
	to, err := u.q.MailRecipient(ctx, tx, m.UserID)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && to.Email == "" && m.To == "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the address of user %d: %w", m.UserID, err)
	}
	row := dbsqlc.MailInsertParams{
		UserID: m.UserID, Kind: m.Kind, ToAddress: m.To, Language: locale.Negotiate(to.Language, m.Language, ""),
		Address: coarse(m.From.Address), ByID: m.By, AboutID: m.About,
	}
	row.Browser, row.System = session.Browser(m.From.UserAgent)
	if m.LinkID != 0 {
		row.LinkID, row.PayloadCt = &m.LinkID, u.keys.Seal(tokenPurpose, linkRow(m.LinkID), []byte(m.Token))
	}
	id, err := u.q.MailInsert(ctx, tx, row)
	if err != nil {
		return fmt.Errorf("queue a mail to user %d: %w", m.UserID, err)
	}
	// Who forgot a password waits for it. What an office sends its users, however much, waits behind.
	return u.outbox.SendMail(ctx, tx, id, m.Kind == string(account.PurposeReset))
}

// coarse is an IP address as a mail tells it: its network, which says where without saying who; "" for one that
// says neither.
func coarse(address string) string {
	from := network.Of(address)
	if from.Own() {
		return ""
	}
	return from.Site()
}
