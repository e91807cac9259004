package demo

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	pages "github.com/nightlatch/nightlatch/templates/demo"
)

// Mailbox shows the mails, the newest first.
func (s *Screens) Mailbox(c echo.Context) error {
	mails, err := s.mails.Mails(c.Request().Context())
	if err != nil {
		return err
	}
	view := pages.MailboxView{}
	for i, m := range mails {
		if i == 0 {
			view.After = m.ID
		}
		mail := pages.MailboxMail{Address: m.Address, Subject: m.Subject, At: m.At}
		for _, text := range strings.Split(strings.TrimSpace(m.Body), "\n\n") {
			// A link to a page of ours, alone in its paragraph: nothing else becomes one.
			path, ours := strings.CutPrefix(text, strings.TrimRight(s.Origin.String(), "/"))
			mail.Paragraphs = append(mail.Paragraphs,
				pages.MailboxParagraph{Text: text, Link: ours && web.SafePath(path, "") != ""})
		}
		view.Mails = append(view.Mails, mail)
	}
	if web.WantsFragment(c.Request()) {
		if c.QueryParam("after") == strconv.FormatInt(view.After, 10) {
			return c.NoContent(http.StatusNoContent) // nothing new: the page stays, with whatever has the focus
		}
		return web.Fragment(c, http.StatusOK, pages.MailboxMails, s.Lang(c), view)
	}
	return web.Page(c, http.StatusOK, pages.Mailbox, s.Layout(c, s.T(c, "mailbox.title"), paths.DemoMailbox), view)
}
