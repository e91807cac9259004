package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/templates"
)

// historyPage is Settings > Office > History.
func (s *Site) historyPage(c echo.Context) error {
	before, err := historyBefore(c)
	if err != nil {
		return err
	}
	entries, more, err := s.Offices.History(c.Request().Context(), must(c), before)
	if err != nil {
		return err
	}
	view := templates.HistoryView{Events: s.historyRows(c, entries), Paged: before > 0}
	if more {
		view.Older = entries[len(entries)-1].ID
	}
	f, err := s.inside(c, s.t(c, "office.history"), "/settings/office/history", templates.SectionOffice)
	if err != nil {
		return err
	}
	return page(c, http.StatusOK, templates.History, f, view)
}

// historyBefore is the event before which a page of a history begins, 0 for the newest.
func historyBefore(c echo.Context) (int64, error) {
	before, err := strconv.ParseInt(c.QueryParam("before"), 10, 64)
	if err != nil && c.QueryParam("before") != "" {
		return 0, echo.ErrBadRequest
	}
	return before, nil
}

// historyRows are events in words.
func (s *Site) historyRows(c echo.Context, entries []audit.Entry) []templates.HistoryRow {
	rows := make([]templates.HistoryRow, len(entries))
	for i, e := range entries {
		actor, detail := e.Actor, e.Detail
		switch actor {
		case "":
			actor = s.t(c, "history.somebody")
		case audit.CommandLine.Name:
			actor = s.t(c, "history.command_line")
		}
		if locale.Has("detail." + detail) {
			detail = s.t(c, "detail."+detail)
		}
		rows[i] = templates.HistoryRow{
			Action: string(e.Action), Text: s.t(c, "audit."+string(e.Action), "Actor", actor, "Subject", e.Subject),
			Detail: detail, Address: e.Address, At: e.At,
		}
	}
	return rows
}
