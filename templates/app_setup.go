package templates

// AppSetupView sets up an authenticator app.
type AppSetupView struct {
	Action  string
	Secret  string // in groups of four
	QRSize  int
	QRPath  string
	Error   string
	BackURL string
	Back    string
}

// AppSetup is the page.
var AppSetup = newPage[AppSetupView]("card.html", "app_setup.html")

// RecoveryCodesView shows new recovery codes.
type RecoveryCodesView struct {
	Codes    []string
	FileName string
}

// RecoveryCodes is the page.
var RecoveryCodes = newPage[RecoveryCodesView]("card.html", "recovery_codes.html")
