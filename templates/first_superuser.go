package templates

// FirstSuperuser is whom an operator makes the first superuser of an office: what was typed, and what is wrong with it.
type FirstSuperuser struct {
	NoMail     bool   // nobody can be invited
	OfficeCode string // "" while there is no office

	Username, Name, Email string
	UserErrors
}

// Problems returns what is wrong with the form.
func (v FirstSuperuser) Problems() []Problem {
	return Problems("first-name", v.NameError, "first-username", v.UsernameError, "first-email", v.EmailError)
}
