package users

import (
	"strconv"

	"github.com/nightlatch/nightlatch/templates"
)

// NumbersView is the list of who has no number, each with a field for it.
type NumbersView struct {
	Rows    []NumberRow
	More    int // who are not shown
	Country templates.Country
	Saved   string    // the number that was saved last, whole
	Refused NumberRow // the zero value for none
	Error   string    // about somebody who is not in the list
}

// Problems implements templates.Refusable.
func (v NumbersView) Problems() []templates.Problem {
	return templates.Problems("", v.Error, "number-"+strconv.FormatInt(v.Refused.ID, 10), v.Refused.Error)
}

// NumberRow is one user of it.
type NumberRow struct {
	ID       int64
	Name     string
	Username string
	Number   string // as typed
	Country  templates.Country
	Error    string
	Sure     bool   // the number is taken when it is posted once more
	Saved    string // whole: it was saved just now
	Next     int64  // the user of the next row, or 0
}

// Numbers is the page, NumbersRow what saving a row swaps.
var (
	Numbers    = templates.NewPage[NumbersView](files, templates.App, "numbers.html")
	NumbersRow = templates.NewFragment[NumberRow](files, "numbers.html", "number-row")
)
