package login

import "github.com/nightlatch/nightlatch/templates"

// SSOLinkView asks who a provider's account is here.
type SSOLinkView struct {
	OfficeName string
	Account    string // what the provider calls them
	Username   string
	Error      string
}

// Problems implements templates.Refusable.
func (v SSOLinkView) Problems() []templates.Problem {
	return templates.Problems("", v.Error)
}

// SSOLink is the page.
var SSOLink = templates.NewPage[SSOLinkView](files, templates.Card, "sso_link.html")
