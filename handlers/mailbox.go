package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/templates"
)

// mailbox is the demo mailbox. Its route exists in demo mode alone.
func (s *Site) mailbox(c echo.Context) error {
	mails, err := s.Mailbox.Mails(c.Request().Context())
	if err != nil {
		return err
	}
	view := templates.MailboxView{}
	for i, m := range mails {
		if i == 0 {
			view.After = m.ID
		}
		mail := templates.MailboxMail{Address: m.Address, Subject: m.Subject, At: m.At}
		for _, text := range strings.Split(strings.TrimSpace(m.Body), "\n\n") {
			// A link to a page of ours, alone in its paragraph: nothing else becomes one.
			path, ours := strings.CutPrefix(text, strings.TrimRight(s.url.String(), "/"))
			mail.Paragraphs = append(mail.Paragraphs, templates.MailboxParagraph{Text: text, Link: ours && safePath(path, "") != ""})
		}
		view.Mails = append(view.Mails, mail)
	}
	if wantsFragment(c.Request()) {
		if c.QueryParam("after") == strconv.FormatInt(view.After, 10) {
			return c.NoContent(http.StatusNoContent) // nothing new: the page stays, with whatever has the focus
		}
		return fragment(c, http.StatusOK, templates.MailboxMails, s.lang(c), view)
	}
	return page(c, http.StatusOK, templates.Mailbox, s.frame(c, s.t(c, "mailbox.title"), "/demo/mailbox"), view)
}
