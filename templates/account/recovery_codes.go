package account

import "github.com/nightlatch/nightlatch/templates"

// RecoveryCodesView shows new recovery codes.
type RecoveryCodesView struct {
	Codes    []string
	FileName string
}

// RecoveryCodes is the page.
var RecoveryCodes = templates.NewPage[RecoveryCodesView](files, templates.Card, "recovery_codes.html")
