package templates

// OperatorLoginView is the operators' log-in form.
type OperatorLoginView struct {
	Username string
	Error    string // a sentence, or ""
	Notice   string // a sentence that is no error, or ""
}

// The operators' pages.
var (
	OperatorLogin   = newPage[OperatorLoginView]("card.html", "operator_login.html")
	OperatorHistory = newPage[HistoryView]("app.html", "operator_history.html")
)
