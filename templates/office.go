package templates

// OfficeView is Settings > Office > General.
type OfficeView struct {
	OfficeName string
	Switch     TwoFactorSwitch
	Countries  CountriesCard
	Modal      *Modal // the question, in a page without htmx
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

// Modal is the question after Save.
type Modal struct {
	OfficeName  string
	Activate    bool // or switch off
	Users       int
	Ready       int
	Unconfirmed int
	Without     int
	YouToo      bool   // the superuser has no factor yet
	Sending     string // a sentence about text messages
	SendingBad  bool
	SSO         int    // users who sign in by the office's provider
	SSOPolicy   string // refuse, trust, ask
}

// AfterReady is where the bar's second part begins, AfterUnconfirmed its third.
func (m Modal) AfterReady() int { return m.Ready }

// AfterUnconfirmed is where the bar's third part begins.
func (m Modal) AfterUnconfirmed() int { return m.Ready + m.Unconfirmed }

// Office is the page, OfficeSwitch and OfficeCountries its cards, OfficeModal its question.
var (
	Office          = newPage[OfficeView]("app.html", "office.html")
	OfficeSwitch    = newFragment[TwoFactorSwitch]("office.html", "two-factor-card")
	OfficeCountries = newFragment[CountriesCard]("office.html", "countries-card")
	OfficeModal     = newFragment[Modal]("office.html", "modal")
)
