package templates

// Question is asked in a dialog before something is done that cannot be taken back lightly. It names what it
// is about.
type Question struct {
	Title     string
	Text      string
	More      string // a second paragraph, or ""
	Readiness *Readiness
	Notes     []Note
	Check     string    // a box that can be ticked with it, posted as also=yes, or ""
	Action    string    // where Yes posts to, with sure=yes
	Back      string    // on a whole page: where Cancel leads, since the page below may show what is not saved
	Carries   []Carried // what was typed, posted with it
	When      *When     // whether it is done now or from a date on, posted as when=now or when=date
	Yes       string
	Harmless  bool // Yes takes nothing away, and its button is not red
	Switch    bool // however the dialog closes, the office's switch shows again what is in force
}

// When is the choice between now and a date: a date and time, in a time zone, posted as from and zone.
type When struct {
	Date  bool // chosen
	From  DateField
	Title string // of the choice
}

// DateField is a date and time in the time zone of an office.
type DateField struct {
	Form  string // the id of the form that posts it, where it does not stand in it
	Value string // as a browser's field takes it
	Least string // the same
	Zone  string // its IANA name
	Error string
}

// Carried is a field that a question carries on.
type Carried struct{ Name, Value string }

// Note is a sentence beside an icon.
type Note struct {
	Icon    string
	Text    string
	URL     string // of the list that it counts, or ""
	Warning bool
}

// Readiness is how many of an office's users are ready for a second factor. Each count leads to its list.
type Readiness struct {
	Users, Ready, Unconfirmed, Without      int
	ReadyList, UnconfirmedList, WithoutList string
}

// WithoutAt returns where the bar's last part begins.
func (r Readiness) WithoutAt() int { return r.Ready + r.Unconfirmed }

// QuestionDialog is the dialog alone.
var QuestionDialog = NewFragment[Question](files, "question.html", "question")
