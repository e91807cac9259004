package operator

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// ApplicationView is one application: what is registered of it, how it is set up, and who came lately.
type ApplicationView struct {
	ID               int64
	Name, About, URL string
	Kind             ApplicationKind
	HasPicture       bool
	Letter           string // its name's first, where it has no picture
	PictureError     string
	Disabled         bool
	Hosts            []string
	AllOffices       bool
	Offices          string // codes
	Roles            []string
	TwoFactor        bool
	Age              string // in words, or ""
	Sensitive        bool
	CreatedAt        time.Time
	Proxy            *ProxyView
	Check            *CheckView // with Proxy
	Client           *ClientView
	Visits           []VisitRow
	Question         *templates.Question
}

// Problems implements templates.Refusable.
func (v ApplicationView) Problems() []templates.Problem {
	found := templates.Problems("picture", v.PictureError)
	if v.Proxy != nil {
		found = append(found, templates.Problems("upstream", v.Proxy.UpstreamError, "at", v.Proxy.AtError)...)
	}
	return found
}

// ProxyView is the configuration of the proxy before an application.
type ProxyView struct {
	Tabs                   []ProxyTab
	Proxy                  string // of the current tab
	Upstream, At           string // where the proxy finds the application, and us
	UpstreamError, AtError string
	Text                   string // "" while something is wrong
}

// CheckView is the form that asks an application through its proxy, and what was found.
type CheckView struct {
	Action   string
	Hosts    []string
	Host     string // that was asked, or is asked first
	Done     bool
	Findings []FindingRow
}

// FindingRow is something that is wrong with a proxy, and what mends it.
type FindingRow struct{ Problem, Mend string }

// ProxyTab leads to the configuration of a proxy.
type ProxyTab struct {
	Name, URL string
	Current   bool
}

// ClientView is what an OpenID Connect client is set up with.
type ClientView struct {
	Issuer, ID             *Copied
	Secret                 *Copied // there once
	Auth                   ClientAuth
	Redirects, PostLogouts []string
	Backchannel            string
	WithoutPKCE            bool
	Algorithm              string // of its ID tokens
}

// Copied is text with a button that copies it.
type Copied struct{ ID, Text string }

// VisitRow is somebody who came to the application.
type VisitRow struct {
	At           time.Time
	Action       string // application_opened, application_refused or application_left
	Who, Office  string
	Why, Address string
}

// Application is the page.
var Application = templates.NewPage[ApplicationView](files, templates.App, "application.html")
