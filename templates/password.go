package templates

import "time"

// PasswordView asks for a new password: behind a link from a mail, or in settings.
type PasswordView struct {
	Heading    string
	Lead       string
	Action     string
	Username   string // for the browser's password manager
	Token      string // of the link, or ""
	Strength   string // where the strength of what is typed is said
	AskPresent bool
	Present    string // what is wrong with the present password, or ""
	Error      string // what is wrong with the new one, or ""
	Again      string // what is wrong with its repetition, or ""
	Hint       string
	Save       string
	Back       *Link
	LogOut     bool // the one other way out
}

// StrengthView says how good a password is, in words.
type StrengthView struct {
	Word Strength
	Text string // why it is refused
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

// Forgot is the page; LinkOver the one behind a link that opens nothing.
var (
	Forgot   = newPage[ForgotView]("card.html", "forgot.html")
	LinkOver = newPage[LinkOverView]("card.html", "link_over.html")
)

// LinkOverView says how to get another link.
type LinkOverView struct{ CanMail bool }

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
