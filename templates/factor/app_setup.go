package factor

import (
	"html/template"

	"github.com/nightlatch/nightlatch/templates"
)

// AppSetupView sets up an authenticator app.
type AppSetupView struct {
	URI     template.URL // otpauth://, which an app on this device opens
	Lead    string
	Action  string
	Secret  string // in groups of four
	QRSize  int
	QRPath  string
	Error   string
	BackURL string
	Back    string
}

// Problems implements templates.Refusable.
func (v AppSetupView) Problems() []templates.Problem {
	return templates.Problems("code", v.Error)
}

// AppSetup is the page.
var AppSetup = templates.NewPage[AppSetupView](files, templates.Card, "app_setup.html")
