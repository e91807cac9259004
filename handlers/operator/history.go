package operator

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// HistoryPage is what happened in no office: see audit.Installation.
func (s *Screens) HistoryPage(c echo.Context) error {
	search, err := web.HistorySearch(c)
	if err != nil {
		return err
	}
	entries, more, err := s.installation.List(c.Request().Context(), search)
	if err != nil {
		return err
	}
	view := s.HistoryView(c, paths.OperatorHistory, paths.OperatorHistoryFile, entries, more, search)
	f := s.layout(c, s.T(c, "operator.history"), paths.OperatorHistory, templates.SectionHistory)
	return web.Page(c, http.StatusOK, pages.OperatorHistory, f, view)
}

// HistoryFile is the history as a file. It is a POST, since it is written down who took it.
func (s *Screens) HistoryFile(c echo.Context) error {
	by := web.CurrentSession(c).Event(audit.HistoryExported, s.Client(c))
	entries, err := s.installation.Export(c.Request().Context(), by, web.HistoryExport(c))
	if err != nil {
		return err
	}
	return s.Web.HistoryFile(c, entries)
}
