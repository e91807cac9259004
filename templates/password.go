package templates

import "time"

// PasswordView asks for a new password: behind a link from a mail, or in settings.
type PasswordView struct {
	Heading      string
	Lead         string
	Action       string
	Username     string // for the browser's password manager
	Token        string // of the link, or ""
	Strength     string // where the strength of what is typed is said
	AskCurrent   bool
	CurrentError string // about the current password, or ""
	Error        string // about the new one, or ""
	RepeatError  string // about its repetition, or ""
	Hint         string
	Save         string
	Back         *Link
	LogOut       bool // the one other way out
}

// StrengthView says how good a password is, in words.
type StrengthView struct {
	Strength Strength
	Text     string // why it is refused
}

// Password is the page, PasswordStrength what it says while one types.
var (
	Password         = newPage[PasswordView]("card.html", "password.html")
	PasswordStrength = newFragment[StrengthView]("password.html", "strength")
)

// ForgotView asks who forgot their password.
type ForgotView struct {
	Office   string
	Username string
	Error    string
	Sent     bool // it was asked for: the same words for everybody
	CanMail  bool
}

// Forgot is the page; LinkExpired the one behind a link that opens nothing.
var (
	Forgot      = newPage[ForgotView]("card.html", "forgot.html")
	LinkExpired = newPage[LinkExpiredView]("card.html", "link_expired.html")
)

// LinkExpiredView says how to get another link.
type LinkExpiredView struct{ CanMail bool }

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
	Mailbox      = newPage[MailboxView]("phone_page.html", "mailbox.html")
	MailboxMails = newFragment[MailboxView]("mailbox.html", "mails")
)
