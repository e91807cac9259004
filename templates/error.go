package templates

// ErrorView is a page that says what happened and what to do next.
type ErrorView struct {
	Status  int
	Title   string
	Text    string
	Request string // the request's id in the log
	Retry   bool
}

// Error is the page, ErrorInside that of who is in and goes on from there, ErrorNotice what a fragment's place gets.
var (
	Error       = NewPage[ErrorView](files, Card, "error.html")
	ErrorInside = NewPage[ErrorView](files, App, "error.html")
	ErrorNotice = NewFragment[ErrorView](files, "error.html", "notice")
)
