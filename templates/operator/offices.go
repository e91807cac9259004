package operator

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// OfficesView lists all offices.
type OfficesView struct {
	Rows      []OfficeRow
	Month     string // "2026-11", for the costs
	Code      string // what was typed
	Name      string
	CodeError string // about the new office's code
	NameError string // about its name
	First     templates.FirstSuperuser
	Spent     string
	Currency  string // of what is typed as a cap
	Forecast  string // when the cap is reached, in words, or ""
	Question  *templates.Question
	Typed     string
	CapBad    string // about the installation's cap
}

// Problems implements templates.Refusable.
func (v OfficesView) Problems() []templates.Problem {
	return append(templates.Problems("all-cap", v.CapBad, "code", v.CodeError, "name", v.NameError),
		v.First.Problems()...)
}

// OfficeRow is one of them.
type OfficeRow struct {
	ID        int64
	Code      string
	Name      string
	Users     string
	TwoFactor bool
	Since     time.Time
	Messages  string
	Cost      string
	Cap       string // "" for none
	Near      bool   // over four fifths of the cap
	Forecast  string // when it is reached, in words, or ""
}

// OfficeCapView is an office's money cap.
type OfficeCapView struct {
	ID       int64
	Code     string
	Name     string
	Cost     string
	Currency string // of what is typed as a cap
	Forecast string // when the cap is reached, in words, or ""
	Question *templates.Question
	Typed    string
	Error    string
	First    *templates.FirstSuperuser // where the office has no superuser
}

// Problems implements templates.Refusable.
func (v OfficeCapView) Problems() []templates.Problem {
	found := templates.Problems("cap", v.Error)
	if v.First != nil {
		found = append(found, v.First.Problems()...)
	}
	return found
}

// Offices is the list, OfficeCap one office's cap.
var (
	Offices   = templates.NewPage[OfficesView](files, templates.App, "offices.html")
	OfficeCap = templates.NewPage[OfficeCapView](files, templates.App, "office.html")
)
