package templates

import "time"

// SignInView is Settings > Office > Sign-in: the office's provider.
type SignInView struct {
	Exists    bool // a provider is set, its secret too
	Issuer    string
	ClientID  string
	Policy    Policy
	ACR       string // separated by spaces
	Callback  string // the address to register at the provider
	TwoFactor bool   // the office demands two factors now
	Fresh     bool   // the superuser may save without proving anything first
	Host      string // of the provider that is set
	Field     string // which is wrong, or ""
	Error     string
	Test      *SSOTest
	Refusals  []SSORefusal
}

// SSOTest is what the last test of the connection brought back.
type SSOTest struct {
	At       time.Time
	Issuer   string
	Trouble  string // a sentence, or "" when all is well
	AMR      string
	ACR      string
	AuthTime bool
}

// SSORefusal is somebody whom the policy kept out.
type SSORefusal struct {
	At      time.Time
	Who     string
	Linked  bool // Who is a username; else what the provider calls them
	Address string
}

// SignIn is the page.
var SignIn = newPage[SignInView]("app.html", "sign_in.html")
