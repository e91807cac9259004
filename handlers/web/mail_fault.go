package web

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/mail"
)

// MailFault says what keeps a mail from arriving, with the server's number where it gave one.
func (w *Web) MailFault(c echo.Context, fault mail.Fault, code int) string {
	why := w.T(c, "detail."+fault.Detail())
	if code == 0 {
		return why
	}
	return w.T(c, "user.mail_code", "Why", why, "Code", strconv.Itoa(code))
}
