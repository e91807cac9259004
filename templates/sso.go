package templates

// SSOView is a page between us and a provider: on the way there, or what went wrong.
type SSOView struct {
	Problem    bool
	Heading    string
	Text       string
	More       string // a second paragraph, or ""
	Onward     string // the provider's address, or ""
	OnwardText string
	Retry      string // the office code to try again with, or ""
}

// SSO is the page.
var SSO = NewPage[SSOView](files, Card, "sso.html")
