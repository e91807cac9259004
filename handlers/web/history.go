package web

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/templates"
)

// HistoryBefore returns the event before which a page of a history begins, 0 for the newest.
func HistoryBefore(c echo.Context) (int64, error) {
	before, err := strconv.ParseInt(c.QueryParam("before"), 10, 64)
	if err != nil && c.QueryParam("before") != "" {
		return 0, echo.ErrBadRequest
	}
	return before, nil
}

// HistoryRows returns events in words.
func (w *Web) HistoryRows(c echo.Context, entries []audit.Entry) []templates.HistoryRow {
	rows := make([]templates.HistoryRow, len(entries))
	for i, e := range entries {
		actor, detail := e.Actor, e.Detail
		switch actor {
		case "":
			actor = w.T(c, "history.somebody")
		case audit.CommandLine.Name:
			actor = w.T(c, "history.command_line")
		}
		if locale.Has("detail." + detail) {
			detail = w.T(c, "detail."+detail)
		}
		rows[i] = templates.HistoryRow{
			Action: string(e.Action), Text: w.T(c, "audit."+string(e.Action), "Actor", actor, "Subject", e.Subject),
			Detail: detail, Address: e.Address, At: e.At,
		}
	}
	return rows
}
