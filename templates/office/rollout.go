package office

import (
	"html/template"
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// RolloutView is who of an office is ready for two factors, and who may not get in.
type RolloutView struct {
	Active   bool
	From     time.Time // the date that is ahead, or zero
	Users    int       // who may log in
	Ready    int
	States   []RolloutLink
	AtRisk   RolloutLink
	ToDo     RolloutLink
	Findings []RolloutLink // those that somebody has
	Money    bool          // the money for messages of this month is nearly spent
	Plot     template.HTML // "" while there is no course to show
	Days     []RolloutDay

	Heading           string // of the list
	Show, Words, Sort string
	Sorts             []string
	People            []RolloutPerson
	Found             int
	Page, Pages       int
	Previous, Next    string // addresses, or ""
	Error             string // with the choice of people
}

// Problems implements templates.Refusable.
func (v RolloutView) Problems() []templates.Problem { return templates.Problems("all", v.Error) }

// Parts are the parts of the bar: the states of who may log in, each from where the one before ends.
func (v RolloutView) Parts() (parts []RolloutPart) {
	x := 0
	for _, s := range v.States {
		if s.Name != "disabled" && s.N > 0 {
			parts = append(parts, RolloutPart{s.Colour(), x, s.N})
			x += s.N
		}
	}
	return parts
}

// RolloutPart is a part of the bar, in users.
type RolloutPart struct {
	Colour   string
	X, Width int
}

// RolloutLink is a list with how many stand on it: a state, a finding, or another.
type RolloutLink struct {
	Name    string
	N       int
	URL     string
	Current bool
}

// Colour is the colour of a state, beside its words.
func (l RolloutLink) Colour() string {
	switch l.Name {
	case "ready", "sso":
		return "ok"
	case "unconfirmed", "exempt":
		return "warn"
	case "expired":
		return "bad"
	}
	return ""
}

// RolloutDay is how many were ready on a day.
type RolloutDay struct {
	Day          string
	Ready, Users int
}

// RolloutPerson is a line of the list.
type RolloutPerson struct {
	ID             int64
	Name, Username string
	State          string
	Number         string // masked, or ""
	LastAt         time.Time
	LastBy         string
	Findings       []RolloutFinding
}

// Badge is the look of the state's badge.
func (p RolloutPerson) Badge() string { return RolloutLink{Name: p.State}.Colour() }

// RolloutFinding is why somebody may not get in, and what to do about it: one of the last four.
type RolloutFinding struct {
	Name        string
	Invite      bool   // anew
	Remind      bool   // of a second way
	Country     string // that codes may be let go to
	CountryName string
	URL         string // where it is done
}

// Rollout is the page, RolloutList what a search and a sort swap.
var (
	Rollout     = templates.NewPage[RolloutView](files, templates.App, "rollout.html")
	RolloutList = templates.NewFragment[RolloutView](files, "rollout.html", "rollout-list")
)
