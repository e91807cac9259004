package account

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/fault"
)

// ErrNoMail says that this installation sends no mail, or that the user has no e-mail address.
var ErrNoMail = fault.New(fault.Invalid, "no mail can be sent to this user")

// Mail is a mail to a user, as what caused it knows it. Its text is made when it is sent.
type Mail struct {
	UserID int64
	Kind   string // the catalogue's mail.<kind>_subject and mail.<kind>_text
	// Language is what it is written in when the user chose none; "" is the catalogue's first.
	Language string
	To       string // the address, where that is not the user's present one
	LinkID   int64  // the link it brings, or 0
	Token    Token  // of that link
	From     Origin
	About    int64 // the office that it is about, where that is not its reader's; else 0
	By       int64 // who caused it, where that is not its reader; 0 for nobody, or the command line
}

// Origin is where something came from: the mail tells it coarsely. The zero value is the command line, or nowhere.
type Origin struct {
	Address   string // IP address
	UserAgent string
	Browser   []byte // hash of the browser's own cookie; nil when it has none
	Language  string // of the page that was seen there
}

// Post queues mails in the transaction of what causes them: either both happen, or neither.
type Post interface {
	// CanMail reports whether this installation sends mail.
	CanMail() bool
	// Mail does nothing for a user who is disabled or has no e-mail address.
	Mail(ctx context.Context, tx pgx.Tx, m Mail) error
}

// NoMail is the Post of an installation that sends no mail.
type NoMail struct{}

// CanMail returns false.
func (NoMail) CanMail() bool { return false }

// Mail does nothing.
func (NoMail) Mail(context.Context, pgx.Tx, Mail) error { return nil }

// CanMail reports whether this installation sends mail.
func (s *Service) CanMail() bool { return s.ways.CanMail() }
