package templates

// UserErrors are what is wrong with the fields of a user who is made or changed, a sentence each or "".
type UserErrors struct{ UsernameError, NameError, EmailError, RoleError string }
