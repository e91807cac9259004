package templates

import (
	"time"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

// Layout is what stands around every page.
type Layout struct {
	Lang     string
	Product  string
	Title    string
	Path     string       // of this page, to come back to after a change of language
	Again    string       // where the page is loaded again that answers a form, or ""
	User     *CurrentUser // nil before the log-in is complete
	Section  Section      // of the navigation, the current one
	Toast    string       // a sentence about what has just been done, or ""
	Notices  []Notice
	Problems []Problem // of the view, which Render asks
	Demo     bool
	Session  *SessionView // nil without a session, and for a pending log-in
	// Standing is what holds for the session until a moment, or nil.
	Standing *Standing
}

// SessionView is what a page knows of the end of its session, as the server judged it.
type SessionView struct {
	Left   int  // seconds
	Last   bool // nothing prolongs it
	Ends   time.Time
	UserID int64 // whose: what was typed is given back to nobody else
	Back   bool  // after a log-in, where a session had ended
}

// StayView says until when a session lives that its user has just prolonged.
type StayView struct{ Ends time.Time }

// Stay is the page for browsers without JavaScript, in a tab of its own.
var Stay = NewPage[StayView](files, Card, "stay.html")

// CurrentUser is the signed-in user, as the layout names them.
type CurrentUser struct {
	Name         string
	Role         string // a role's word, for role.<role>
	OfficeCode   string // "" for an operator
	OfficeName   string
	ManagesUsers bool
	Applications bool // that they may open
}

// Operator reports whether the user is an operator, who belongs to no office.
func (u CurrentUser) Operator() bool { return u.OfficeCode == "" }

// Section is an entry of the navigation.
type Section string

// The sections of an office's users, then those of operators.
const (
	SectionHome   Section = "home"
	SectionMe     Section = "me"
	SectionOffice Section = "office"
	SectionUsers  Section = "users"

	SectionOverview Section = "overview"
	SectionWaiting  Section = "waiting"
	SectionJobs     Section = "jobs"
	SectionOffices  Section = "offices"
	SectionHistory  Section = "history"

	SectionApplications Section = "applications"
)

// NavLink is a link of the navigation. Text is the key of its text.
type NavLink struct {
	URL, Text string
	Current   bool
}

// Nav returns the navigation of the current user.
func (l Layout) Nav() []NavLink {
	if l.User.Operator() {
		return []NavLink{
			{paths.Operator, "operator.overview", l.Section == SectionOverview},
			{paths.OperatorWaiting, "operator.waiting", l.Section == SectionWaiting},
			{paths.OperatorJobs, "operator.jobs", l.Section == SectionJobs},
			{paths.OperatorOffices, "operator.offices", l.Section == SectionOffices},
			{paths.OperatorApplications, "layout.applications", l.Section == SectionApplications},
			{paths.OperatorHistory, "operator.history", l.Section == SectionHistory},
			{paths.OperatorMe, "layout.me", l.Section == SectionMe},
		}
	}
	links := []NavLink{
		{paths.Me, "layout.me", l.Section == SectionMe},
		{paths.OfficeGeneral, "layout.office", l.Section == SectionOffice},
		{paths.Users, "layout.users", l.Section == SectionUsers},
	}
	if !l.User.ManagesUsers {
		links = links[:2]
	}
	if l.User.Applications {
		home := NavLink{paths.Applications, "layout.applications", l.Section == SectionHome}
		links = append([]NavLink{home}, links...)
	}
	return links
}

// Home returns the address of the current user's first page.
func (l Layout) Home() string {
	if l.User.Operator() {
		return paths.Operator
	}
	if l.User.Applications {
		return paths.Applications
	}
	return paths.Start
}

// NoticesURL returns where the current user puts notices away.
func (l Layout) NoticesURL() string {
	if l.User.Operator() {
		return paths.OperatorNotices
	}
	return paths.Notices
}

// Notice is something the user is told until they put it away.
type Notice struct {
	ID   int64
	Text string
	At   time.Time
}

// Link is an address with its text.
type Link struct{ URL, Text string }

// Standing is a sentence that ends with the moment until which it holds.
type Standing struct {
	Text  string
	Until time.Time
}
