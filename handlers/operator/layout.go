package operator

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// layout returns what stands around an operator's page. section is the entry that
// is current.
func (s *Screens) layout(c echo.Context, title, path string, section templates.Section) templates.Layout {
	sess := web.CurrentSession(c)
	f := s.Layout(c, title, path)
	f.Section = section
	s.TellToast(c, &f)
	f.User = &templates.CurrentUser{Name: sess.User.Username, Role: string(sess.User.Role)}
	told, err := s.factors.Notices(c.Request().Context(), sess.User.ID)
	if err != nil {
		// The page is worth more than the notice, which stays unseen until the next one.
		s.Logger.ErrorContext(c.Request().Context(), "read notices", "request", web.RequestID(c), "error", err)
	}
	for _, n := range told {
		text := s.T(c, "notice."+string(n.Kind))
		if n.Kind == twofactor.NoticeGuessed {
			text = s.T(c, "operator.guessed") // an operator's password is changed by making them anew
		}
		f.Notices = append(f.Notices, templates.Notice{ID: n.ID, Text: text, At: n.At})
	}
	return f
}

// SeeMyNotices puts notices away.
func (s *Screens) SeeMyNotices(c echo.Context) error { return s.SeeNotices(c, paths.Operator) }

// by returns the operator who acts on an operator's page.
func (s *Screens) by(c echo.Context) operator.By {
	return operator.By{Operator: web.CurrentSession(c).User.Person(), Address: c.RealIP()}
}
