package templates

// OfficeView is Settings > Office > General.
type OfficeView struct {
	Switch    TwoFactorSwitch
	Countries CountriesCard
	Question  *Question // in a page without htmx
}

// TwoFactorSwitch is the card with the switch.
type TwoFactorSwitch struct {
	Active    bool // what is in force
	Shown     bool // what the switch shows: a draft where it differs
	MayChange bool
	Unchanged bool // Save was pressed and there was nothing to save
}

// Draft reports whether the switch shows something that is not in force.
func (s TwoFactorSwitch) Draft() bool { return s.Active != s.Shown }

// CountriesCard says where the office's codes may go.
type CountriesCard struct {
	MayChange bool
	Changed   bool // a fragment after a change: the focus goes to the list of others
	Allowed   []AllowedCountry
	Others    []Country
	Error     string
}

// AllowedCountry is a country that codes may go to, with how many users have a confirmed number there.
type AllowedCountry struct {
	Country
	Users int
}

// Office is the page, OfficeSwitch and OfficeCountries its cards.
var (
	Office          = newPage[OfficeView]("app.html", "office.html")
	OfficeSwitch    = newFragment[TwoFactorSwitch]("office.html", "two-factor-card")
	OfficeCountries = newFragment[CountriesCard]("office.html", "countries-card")
)
