package office

import "github.com/nightlatch/nightlatch/templates"

// ApplicationsView lists the applications that are there for an office.
type ApplicationsView struct{ Rows []ApplicationRow }

// ApplicationRow is one of them, with what it demands of the office's users now.
type ApplicationRow struct {
	ID          int64
	Name, About string
	Roles       []string
	TwoFactor   bool
	Age         string // in words, or ""
	Disabled    bool   // by its operator
	Off         bool   // by the office
}

// ApplicationView is what an office demands for one application beyond what the operator does.
type ApplicationView struct {
	ID       int64
	Name     string
	Disabled bool // by its operator
	Off      bool
	Roles    templates.RolesField // that the operator admits
	Age      string               // minutes
	AgeError string
	OwnAge   string // the operator's, in words, or ""
}

// Problems implements templates.Refusable.
func (v ApplicationView) Problems() []templates.Problem {
	return templates.Problems("roles", v.Roles.Error, "age", v.AgeError)
}

// Applications is the list, Application the form.
var (
	Applications = templates.NewPage[ApplicationsView](files, templates.App, "applications.html")
	Application  = templates.NewPage[ApplicationView](files, templates.App, "application.html")
)
