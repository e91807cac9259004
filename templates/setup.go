package templates

// SetupView sets up an authenticator app.
type SetupView struct {
	Action  string
	Secret  string // in groups of four
	QRSize  int
	QRPath  string
	Error   string
	BackURL string
	Back    string
}

// Setup is the page.
var Setup = newPage[SetupView]("card.html", "setup.html")

// SheetView shows new recovery codes.
type SheetView struct {
	Codes    []string
	FileName string
}

// Sheet is the page.
var Sheet = newPage[SheetView]("card.html", "sheet.html")
