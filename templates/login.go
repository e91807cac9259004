package templates

// LoginView is the log-in form: of an office's users, or of the operators.
type LoginView struct {
	Heading   string
	Lead      string
	Action    string
	Operators bool // no office is asked for, and the app's code at once
	Office    string
	Kept      bool // Office is that of this browser's last log-in: it stands in a line, and its field can be opened
	Username  string
	Error     string // about all of it together, or ""
	Alone     bool   // a passkey may be the whole log-in
	Question  string // what the browser is asked with then, as JSON; "" until it has a cookie
	// What is said of a field that was left empty.
	OfficeError, UsernameError, PasswordError string
	Notice                                    string // a sentence that is no error, or ""
}

// Problems implements Refusable.
func (v LoginView) Problems() []Problem {
	return Problems("office", v.OfficeError, "username", v.UsernameError,
		"password", v.PasswordError, "password", v.Error)
}

// Focus is the field that the cursor stands in: the first one, or the password when the form comes back.
func (v LoginView) Focus() string {
	switch {
	case v.Operators && v.Username == "":
		return "username"
	case !v.Operators && v.Office == "":
		return "office"
	}
	return "password"
}

// Login is the page.
var Login = NewPage[LoginView](files, Card, "login.html")
