package users

import "github.com/nightlatch/nightlatch/templates"

// ImportView is Settings > Users > Import: a file is chosen, or looked at.
type ImportView struct {
	Error   string
	Preview *ImportPreview
}

// Problems implements templates.Refusable.
func (v ImportView) Problems() []templates.Problem {
	return templates.Problems("", v.Error)
}

// ImportPreview is what an import would do.
type ImportPreview struct {
	New, Changed, Same, Bad int
	Possible                bool
	Rows                    []ImportRow // bad lines alone while there are any
	More                    int         // lines that are not shown
	File                    string      // the lines once more, for the import
	Digest                  string      // of what is shown here
	CanMail                 bool
	Invites                 int  // new users who are invited, unless it is said otherwise
	Numbers                 bool // some line has one
	Languages               bool
}

// ImportRow is one line.
type ImportRow struct {
	Line     int
	State    ImportState
	Username string
	Name     ImportCell
	Email    ImportCell
	Role     ImportCell
	Number   string // whole
	Language string
	Invited  bool
	Problem  string
	Cell     string // what was typed there
}

// ImportState is what an import would do with a line.
type ImportState string

// A line makes a user, changes one, or is wrong.
const (
	ImportNew     ImportState = "new"
	ImportChanged ImportState = "changed"
	ImportBad     ImportState = "bad"
)

// ImportCell is what a field becomes; Was is set when it was something else.
type ImportCell struct{ Will, Was string }

// Import is the page.
var Import = templates.NewPage[ImportView](files, templates.App, "import.html")
