package office

import "github.com/nightlatch/nightlatch/templates"

// History is the page.
var History = templates.NewPage[templates.HistoryView](files, templates.App, "history.html")
