package web

import (
	"bytes"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/sheet"
	"github.com/nightlatch/nightlatch/templates"
)

// HistorySearch returns which events of a history are asked for.
func HistorySearch(c echo.Context) (audit.Search, error) {
	before, err := strconv.ParseInt(c.QueryParam("before"), 10, 64)
	if err != nil && c.QueryParam("before") != "" {
		return audit.Search{}, echo.ErrBadRequest
	}
	return audit.Search{Before: before, Kind: audit.Kind(c.QueryParam("kind")), Words: c.QueryParam("q")}, nil
}

// HistoryView returns a page of a history at path, whose file is taken at export.
func (w *Web) HistoryView(c echo.Context, path, export string, entries []audit.Entry, more bool,
	search audit.Search) templates.HistoryView {
	view := templates.HistoryView{
		Path: path, Export: export, Kind: string(search.Kind), Words: search.Words,
		Searched: search.Kind != "" || search.Words != "",
	}
	for _, kind := range audit.Kinds() {
		view.Kinds = append(view.Kinds, string(kind))
	}
	query := url.Values{}
	if view.Searched {
		query = url.Values{"kind": {view.Kind}, "q": {view.Words}}
	}
	if search.Before > 0 {
		view.Newest = path + "?" + query.Encode()
	}
	if more {
		query.Set("before", strconv.FormatInt(entries[len(entries)-1].ID, 10))
		view.Older = path + "?" + query.Encode()
	}
	for _, row := range w.historyRows(c, entries) {
		day := locale.Time(w.Lang(c), locale.Day, row.At.In(Zone(c)))
		if n := len(view.Days); n == 0 || view.Days[n-1].Day != day {
			view.Days = append(view.Days, templates.HistoryDay{Day: day})
		}
		last := &view.Days[len(view.Days)-1]
		last.Events = append(last.Events, row)
	}
	return view
}

// HistoryFile answers with events as a file for a spreadsheet, in the reader's language and time.
func (w *Web) HistoryFile(c echo.Context, entries []audit.Entry) error {
	lines := [][]string{{w.T(c, "history_file.at"), w.T(c, "history_file.what"), w.T(c, "history_file.actor"),
		w.T(c, "history_file.subject"), w.T(c, "history_file.detail"), w.T(c, "history_file.address")}}
	for i, row := range w.historyRows(c, entries) {
		at := row.At.In(Zone(c))
		moment := locale.Time(w.Lang(c), locale.Day, at) + " " + locale.Time(w.Lang(c), locale.Second, at)
		lines = append(lines, []string{
			moment, row.Text, w.historyActor(c, entries[i]), entries[i].Subject, row.Detail, row.Address,
		})
	}
	var file bytes.Buffer
	if err := sheet.Write(&file, w.T(c, "files.separator"), lines); err != nil {
		return err
	}
	return AttachCSV(c, w.T(c, "files.history")+"-"+historyOf(CurrentSession(c).OfficeCode)+
		time.Now().In(Zone(c)).Format(time.DateOnly), file.Bytes())
}

// historyOf is an office's code in the name of a file, "" for operators.
func historyOf(code string) string {
	if code == "" {
		return ""
	}
	return code + "-"
}

// HistoryExport returns which events a form asks a file of.
func HistoryExport(c echo.Context) audit.Search {
	return audit.Search{Kind: audit.Kind(c.FormValue("kind")), Words: c.FormValue("q")}
}

// historyRows returns events in words.
func (w *Web) historyRows(c echo.Context, entries []audit.Entry) []templates.HistoryRow {
	rows := make([]templates.HistoryRow, len(entries))
	for i, e := range entries {
		detail := e.Detail
		if locale.Has("detail." + detail) {
			detail = w.T(c, "detail."+detail)
		}
		rows[i] = templates.HistoryRow{
			Action: string(e.Action), Text: w.T(c, "audit."+string(e.Action), "Actor", w.historyActor(c, e),
				"Subject", e.Subject),
			Detail: detail, Address: e.Address, At: e.At,
		}
	}
	return rows
}

// HistoryWords returns what puts an event into words.
func (w *Web) HistoryWords(c echo.Context) func(audit.Entry) (what, detail string) {
	return func(e audit.Entry) (what, detail string) {
		row := w.historyRows(c, []audit.Entry{e})[0]
		return row.Text, row.Detail
	}
}

func (w *Web) historyActor(c echo.Context, e audit.Entry) string {
	switch e.Actor {
	case "":
		return w.T(c, "history.somebody")
	case audit.CommandLine.Name:
		return w.T(c, "history.command_line")
	}
	return e.Actor
}
