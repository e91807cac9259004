package templates

// PasswordView asks for a new password: behind a link from a mail, or in settings.
type PasswordView struct {
	Heading      string
	Lead         string
	Action       string
	Username     string // for the browser's password manager
	Token        string // of the link, or ""
	Strength     string // where the strength of what is typed is said
	AskCurrent   bool
	CurrentError string // about the current password, or ""
	Error        string // about the new one, or ""
	RepeatError  string // about its repetition, or ""
	Hint         string
	Save         string
	Back         *Link
	LogOut       bool // the one other way out
}

// Problems implements Refusable.
func (v PasswordView) Problems() []Problem {
	return Problems("present", v.CurrentError, "password", v.Error, "again", v.RepeatError)
}

// Strength is how good a password is.
type Strength string

// Nothing typed has no strength.
const (
	StrengthNone    Strength = ""
	StrengthRefused Strength = "refused"
	StrengthFair    Strength = "fair"
	StrengthGood    Strength = "good"
	StrengthStrong  Strength = "strong"
)

// StrengthView says how good a password is, in words.
type StrengthView struct {
	Strength Strength
	Text     string // why it is refused
}

// Password is the page, PasswordStrength what it says while one types.
var (
	Password         = NewPage[PasswordView](files, Card, "password.html")
	PasswordStrength = NewFragment[StrengthView](files, "password.html", "strength")
)
