package users

import "github.com/nightlatch/nightlatch/templates"

// UserForm makes a user, or changes one.
type UserForm struct {
	ID         int64 // 0 for a new one
	Heading    string
	Action     string
	Username   string
	Name       string
	Email      string
	Role       string
	Roles      []string
	Own        bool   // the viewer's own
	NoMail     bool   // nobody can be invited
	OfficeCode string // for the operator's command

	templates.UserErrors
}

// Problems implements templates.Refusable.
func (v UserForm) Problems() []templates.Problem {
	return templates.Problems("username", v.UsernameError, "name", v.NameError,
		"email", v.EmailError, "role", v.RoleError)
}

// UserEdit is the page.
var UserEdit = templates.NewPage[UserForm](files, templates.App, "user_form.html")
