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
	search, err := web.HistorySearch(c)
	if err != nil {
		return err
	}
	entries, more, err := s.offices.History(c.Request().Context(), web.CurrentSession(c), search)
	if err != nil {
		return err
	}
	view := s.HistoryView(c, paths.OfficeHistory, paths.OfficeHistoryFile, entries, more, search)
	f, err := s.AppLayout(c, s.T(c, "office.history"), paths.OfficeHistory, templates.SectionOffice)
	if err != nil {
		return err
	}
	return web.Page(c, http.StatusOK, pages.History, f, view)
}

// HistoryFile is the history as a file. It is a POST, since it is written down who took it.
func (s *Screens) HistoryFile(c echo.Context) error {
	entries, err := s.offices.ExportHistory(c.Request().Context(), web.CurrentSession(c), s.Client(c),
		web.HistoryExport(c))
	if err != nil {
		return err
	}
	return s.Web.HistoryFile(c, entries)
}
