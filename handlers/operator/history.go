package operator

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// HistoryPage is what happened in no office: see audit.Installation.
func (s *Screens) HistoryPage(c echo.Context) error {
	before, err := web.HistoryBefore(c)
	if err != nil {
		return err
	}
	entries, more, err := s.installation.List(c.Request().Context(), before)
	if err != nil {
		return err
	}
	view := templates.HistoryView{Events: s.HistoryRows(c, entries), Paged: before > 0}
	if more {
		view.Older = entries[len(entries)-1].ID
	}
	f := s.layout(c, s.T(c, "operator.history"), paths.OperatorHistory, templates.SectionHistory)
	return web.Page(c, http.StatusOK, pages.OperatorHistory, f, view)
}
