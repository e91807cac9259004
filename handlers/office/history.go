package office

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// HistoryPage is Settings > Office > History.
func (s *Screens) HistoryPage(c echo.Context) error {
	before, err := web.HistoryBefore(c)
	if err != nil {
		return err
	}
	entries, more, err := s.offices.History(c.Request().Context(), web.CurrentSession(c), before)
	if err != nil {
		return err
	}
	view := templates.HistoryView{Events: s.HistoryRows(c, entries), Paged: before > 0}
	if more {
		view.Older = entries[len(entries)-1].ID
	}
	f, err := s.AppLayout(c, s.T(c, "office.history"), paths.OfficeHistory, templates.SectionOffice)
	if err != nil {
		return err
	}
	return web.Page(c, http.StatusOK, pages.History, f, view)
}
