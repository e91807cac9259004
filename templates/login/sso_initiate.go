package login

import "github.com/nightlatch/nightlatch/templates"

// SSOInitiateView asks a visitor whom the provider sent whether to log in there.
type SSOInitiateView struct {
	Heading   string
	Text      string
	Issuer    string
	Office    string // the code, or "" for the one office of the issuer
	AskOffice bool   // several offices use the provider
	Hint      string // whom the provider expects
	Target    string // the page of ours that was meant, or ""
}

// SSOInitiate is the page.
var SSOInitiate = templates.NewPage[SSOInitiateView](files, templates.Card, "sso_initiate.html")
