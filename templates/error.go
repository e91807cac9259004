package templates

// ErrorView is a page that says what happened and what to do next.
type ErrorView struct {
	Status  int
	Title   string
	Text    string
	Request string // the request's id in the log
	Retry   bool
}

// Error is the page, ErrorNotice what a fragment's place gets instead.
var (
	Error       = NewPage[ErrorView](files, Card, "error.html")
	ErrorNotice = NewFragment[ErrorView](files, "error.html", "notice")
)
