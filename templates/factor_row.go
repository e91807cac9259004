package templates

// FactorRow is one kind of second factor in a list of what a user has.
type FactorRow struct {
	Heading string
	Lead    string // what it is for, or ""
	Country string // of the value, a number; or ""
	Value   string
	Badge   string
	Good    bool // the badge tells that it counts
	Note    string
	Action  *FactorAction // what the viewer may do about it, or nil
}

// FactorAction leads to a page, or does something by POST.
type FactorAction struct {
	Text  string
	Of    string // what the text is about, for who hears it without the heading; or ""
	URL   string
	Post  bool
	Takes bool // something away
}
