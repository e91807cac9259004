package mail

import (
	"fmt"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/locale"
)

// compose returns a mail in its user's language: the greeting, what happened, when and from where, what to do.
func (s *Service) compose(r dbsqlc.MailForSendingRow, token account.Token) Message {
	t := func(id string, args ...any) string {
		return locale.T(r.Language, id, append(args,
			"Product", s.product, "Office", r.OfficeName, "Code", r.OfficeCode, "Username", r.Username)...)
	}
	paragraphs := []string{t("mail.hello", "Name", oneLine(r.Name)), t("mail." + r.Kind + "_text")}
	if token != "" {
		minutes := int(r.LinkExpiresAt.Sub(r.Now).Round(time.Minute).Minutes())
		life := locale.N(r.Language, "mail.link_life", max(1, minutes))
		paragraphs = append(paragraphs, account.LinkURL(s.origin(), token), life)
	}
	facts := t("mail.when", "When", locale.Time(r.Language, locale.Moment, r.QueuedAt.UTC()))
	var from []string
	if r.Browser != "" {
		from = append(from, t("browser.on", "Browser", r.Browser, "System", r.System))
	}
	if r.Address != "" {
		from = append(from, r.Address)
	}
	if len(from) > 0 {
		facts += "\n" + t("mail.from", "From", strings.Join(from, ", "))
	}
	if r.Kind != string(account.PurposeInvite) {
		paragraphs = append(paragraphs, facts)
	}
	if r.SingleSignOn && strings.HasPrefix(r.Kind, "password_") {
		paragraphs = append(paragraphs, t("mail.sso_kept")) // a way in that a new password leaves open
	}
	paragraphs = append(paragraphs, t("mail."+r.Kind+"_otherwise"), t("mail.end"))
	return Message{
		ID: fmt.Sprintf("mail-%d-%d", r.ID, r.QueuedAt.UnixMicro()), To: r.Email,
		Subject: oneLine(t("mail." + r.Kind + "_subject")), Body: strings.Join(paragraphs, "\n\n") + "\n",
	}
}

// oneLine keeps a name on the line it stands in.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
