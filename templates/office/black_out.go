package office

// BlackOutSection is the days on which no date falls, the forms for one more and for a calendar of them.
type BlackOutSection struct {
	All         []BlackOut
	Fold        bool   // there are many: the list is opened
	Day         string // as typed
	Name        string
	Least, Most string // days that can be chosen
	OnDate      bool   // the office's date, or a wave's, falls on one of them
	DayError    string
	NameError   string
	FileError   string
	// What an import did: a sentence, and one for each event that was left out.
	Imported string
	Left     []string
}

// BlackOut is a day of it.
type BlackOut struct{ Day, Shown, Name string }
