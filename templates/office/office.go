package office

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// View is Settings > Office > General.
type View struct {
	Switch    TwoFactorSwitch
	Countries CountriesCard
	Question  *templates.Question // in a page without htmx
}

// Problems implements templates.Refusable.
func (v View) Problems() []templates.Problem {
	from := ""
	if v.Question != nil && v.Question.When != nil {
		from = v.Question.When.From.Error
	}
	return templates.Problems("countries-add", v.Countries.Error, "from", from)
}

// TwoFactorSwitch is the card with the switch.
type TwoFactorSwitch struct {
	Active    bool // what is in force
	Shown     bool // what the switch shows: a draft where it differs
	MayChange bool
	From      time.Time // it comes into force; zero where there is no date ahead
	Unchanged bool      // Save was pressed and there was nothing to save
}

// Draft reports whether the switch shows something that is not in force.
func (s TwoFactorSwitch) Draft() bool { return s.Active != s.Shown }

// CountriesCard says where the office's codes may go.
type CountriesCard struct {
	MayChange bool
	Changed   bool // a fragment after a change: the focus goes to the list of others
	Allowed   []AllowedCountry
	Others    []templates.Country
	Error     string
	Said      string // what has just been done, in a fragment
}

// AllowedCountry is a country that codes may go to, with how many users have a confirmed number there.
type AllowedCountry struct {
	templates.Country
	Users int
}

// Office is the page, OfficeSwitch and OfficeCountries its cards.
var (
	Office          = templates.NewPage[View](files, templates.App, "office.html")
	OfficeSwitch    = templates.NewFragment[TwoFactorSwitch](files, "office.html", "two-factor-card")
	OfficeCountries = templates.NewFragment[CountriesCard](files, "office.html", "countries-card")
)
