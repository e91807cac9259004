package operator

import "github.com/nightlatch/nightlatch/templates"

// OperatorHistory is the history of the installation.
var OperatorHistory = templates.NewPage[templates.HistoryView](files, templates.App, "history.html")
