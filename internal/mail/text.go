package mail

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/locale"
)

// letter is what a mail says, as text and as HTML: the same words in the same order.
type letter struct {
	Language string
	Subject  string
	From     string // the product, and whose office it is for
	Heading  string // the subject without its office
	Hello    string
	Text     string
	Link     *link
	Facts    []string // when, from where, by whom
	Notes    []string // what to do
	End      string
}

type link struct{ URL, Label, Life string }

// compose returns a mail in its user's language: the greeting, what happened, when, from where and by whom, what to
// do.
func (s *Service) compose(
	r dbsqlc.MailForSendingRow, token account.Token, names []dbsqlc.ReminderNamesRow,
) (Message, error) {
	l := s.write(r, token)
	l.Facts = append(s.named(r, names), l.Facts...)
	html, err := l.html()
	if err != nil {
		return Message{}, fmt.Errorf("lay out mail %d: %w", r.ID, err)
	}
	return Message{
		ID: fmt.Sprintf("mail-%d-%d", r.ID, r.QueuedAt.UnixMicro()), To: r.Email,
		Subject: l.Subject, Body: l.text(), HTML: html,
	}, nil
}

func (s *Service) write(r dbsqlc.MailForSendingRow, token account.Token) letter {
	values := []any{
		"Product", s.product, "Office", oneLine(r.OfficeName), "Code", r.OfficeCode, "Username", r.Username,
	}
	t := func(id string, args ...any) string { return locale.T(r.Language, id, append(args, values...)...) }
	values = append(values, "By", byWhom(r, t),
		"Date", locale.Time(r.Language, locale.Moment, r.DemandedFrom.In(s.zoneOf(r.TimeZone))),
		"Spent", locale.Money(r.Language, s.currency, r.Spent),
		"Cap", locale.Money(r.Language, s.currency, r.Cap))
	l := letter{
		Language: r.Language, Heading: oneLine(t("mail." + r.Kind + "_subject")), From: s.product,
		Hello: t("mail.hello", "Name", oneLine(r.Name)), Text: t("mail." + r.Kind + "_text"), End: t("mail.end"),
	}
	l.Subject = l.Heading
	if r.OfficeName != "" {
		l.Subject, l.From = t("mail.subject_of", "Subject", l.Heading), t("mail.from_of")
	} else {
		l.End = t("mail.end_bare")
	}
	switch {
	case token != "":
		l.Link = s.link(r, token, t)
	case r.Kind == kindSummary:
		l.Link = &link{URL: s.origin() + twoFactorPath, Label: t("mail.two_factor_label")}
	case strings.HasPrefix(r.Kind, "reminder_"), r.Kind == "second_way":
		l.Link = &link{URL: s.origin() + loginPath, Label: t("mail.login_label")}
	}
	if r.Kind != string(account.PurposeInvite) {
		l.Facts = s.facts(r, t)
	} else if r.SecondStep != "" {
		l.Notes = append(l.Notes, t("mail.second_step_"+r.SecondStep))
	}
	if r.SingleSignOn && strings.HasPrefix(r.Kind, "password_") {
		l.Notes = append(l.Notes, t("mail.sso_kept")) // a way in that a new password leaves open
	}
	l.Notes = append(l.Notes, t("mail."+r.Kind+"_otherwise"))
	return l
}

// kindSummary is the mail that names to a superuser who is not ready.
const kindSummary = "reminder_summary"

// Where reminders lead to, as package paths spells it.
const (
	loginPath     = "/login"
	twoFactorPath = "/settings/office/two-factor"
)

// mostNames is how many people a summary names.
const mostNames = 100

// named are the people of a summary, a line each with their own date.
func (s *Service) named(r dbsqlc.MailForSendingRow, names []dbsqlc.ReminderNamesRow) []string {
	var lines []string
	for i, n := range names {
		if i == mostNames {
			return append(lines, locale.T(r.Language, "mail.reminder_more"))
		}
		id := "mail.reminder_name"
		if n.Invited {
			id = "mail.reminder_name_invited"
		}
		lines = append(lines, locale.T(r.Language, id, "Name", oneLine(n.Name), "Username", n.Username,
			"Date", locale.Time(r.Language, locale.Moment, n.DemandedFrom.In(s.zoneOf(r.TimeZone)))))
	}
	return lines
}

// link is what a mail's link does, and for how long: it sets a password, or stops what was asked for.
func (s *Service) link(r dbsqlc.MailForSendingRow, token account.Token, t func(string, ...any) string) *link {
	left := r.LinkExpiresAt.Sub(r.Now)
	label, life, n := "mail.link_label", "mail.link_life", int(left.Round(time.Minute).Minutes())
	switch r.Kind {
	case account.HelpOwn:
		label, life, n = "mail.stop_label", "mail.stop_life", int(left.Round(time.Hour).Hours())
	case string(account.PurposeInvite): // days, which nobody counts from the moment a mail was sent
		until := locale.Time(r.Language, locale.Moment, r.LinkExpiresAt.In(s.zoneOf(r.TimeZone)))
		return &link{account.LinkURL(s.origin(), token), t(label), t("mail.link_until", "Until", until)}
	}
	return &link{account.LinkURL(s.origin(), token), t(label), locale.N(r.Language, life, max(1, n))}
}

// facts are when what a mail tells happened, from where, and who did it when that was somebody else.
func (s *Service) facts(r dbsqlc.MailForSendingRow, t func(string, ...any) string) []string {
	facts := []string{t("mail.when", "When", locale.Time(r.Language, locale.Moment, r.QueuedAt.In(s.zoneOf(r.TimeZone))))}
	var from []string
	if r.Browser != "" {
		from = append(from, t("browser.on", "Browser", r.Browser, "System", r.System))
	}
	if r.Address != "" {
		from = append(from, r.Address)
	}
	if len(from) > 0 {
		facts = append(facts, t("mail.from", "From", strings.Join(from, ", ")))
	}
	return facts
}

// byWhom names who caused a mail to somebody else, as it stands in a sentence.
func byWhom(r dbsqlc.MailForSendingRow, t func(string, ...any) string) string {
	switch {
	case r.ByName == "":
		return t("mail.by_nobody")
	case r.ByOperator:
		return t("mail.by_operator")
	}
	return oneLine(r.ByName)
}

// zoneOf is a user's time zone: the one their browser told last, or the installation's.
func (s *Service) zoneOf(name string) *time.Location {
	if name == "" {
		return s.zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return s.zone
	}
	return zone
}

// text is the letter as plain text. A link stands alone on its line, where every mail program finds its end.
func (l letter) text() string {
	paragraphs := []string{l.Hello, l.Text}
	if l.Link != nil {
		paragraphs = append(paragraphs, l.Link.URL)
		if l.Link.Life != "" {
			paragraphs = append(paragraphs, l.Link.Life)
		}
	}
	if len(l.Facts) > 0 {
		paragraphs = append(paragraphs, strings.Join(l.Facts, "\n"))
	}
	return strings.Join(slices.Concat(paragraphs, l.Notes, []string{l.End}), "\n\n") + "\n"
}

//go:embed letter.html
var letterHTML string

// page lays letters out for programs that show HTML. It loads nothing from anywhere: who reads a mail is nobody's
// business, and most programs show no pictures.
var page = template.Must(template.New("letter").Parse(letterHTML))

func (l letter) html() (string, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, l); err != nil {
		return "", err
	}
	return b.String(), nil
}

// oneLine keeps a name on the line it stands in.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
