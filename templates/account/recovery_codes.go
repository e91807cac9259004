package account

import "github.com/nightlatch/nightlatch/templates"

// RecoveryCodesView shows new recovery codes.
type RecoveryCodesView struct {
	Codes    []string
	FileName string
	Paper    Paper
}

// Paper is what a printed sheet says about itself.
type Paper struct {
	Title string
	Use   string
	Facts []Fact
}

// Fact is a line of it.
type Fact struct{ Name, Value string }

// RecoveryCodes is the page.
var RecoveryCodes = templates.NewPage[RecoveryCodesView](files, templates.Card, "recovery_codes.html")
