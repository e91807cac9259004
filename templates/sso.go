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

// SSOLinkView asks who a provider's account is here.
type SSOLinkView struct {
	OfficeName string
	Account    string // what the provider calls them
	Username   string
	Error      string
}

// SSO and SSOLink are the pages.
var (
	SSO     = newPage[SSOView]("card.html", "sso.html")
	SSOLink = newPage[SSOLinkView]("card.html", "sso_link.html")
)
