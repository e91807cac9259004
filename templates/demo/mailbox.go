package demo

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// MailboxView is the demo mailbox.
type MailboxView struct {
	Mails []MailboxMail
	After int64 // the newest mail
}

// MailboxMail is a mail in it.
type MailboxMail struct {
	Address    string
	Subject    string
	Paragraphs []MailboxParagraph
	At         time.Time
}

// MailboxParagraph is a part of a mail's text, or a link to a page of ours.
type MailboxParagraph struct {
	Text string
	Link bool
}

// Mailbox is the page, MailboxMails its mails.
var (
	Mailbox      = templates.NewPage[MailboxView](files, templates.Demo, "mailbox.html")
	MailboxMails = templates.NewFragment[MailboxView](files, "mailbox.html", "mails")
)
