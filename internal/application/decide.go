package application

import (
	"slices"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
)

// Refusal is why somebody is not let into an application: "" for nobody, else the catalogue's key door_why.<refusal>.
type Refusal string

// The refusals. The last three are over when their user has done what is missing; the others are not theirs to mend.
const (
	Allowed      Refusal = ""
	Disabled     Refusal = "disabled"      // by its operator
	NotOffice    Refusal = "office"        // it is not for this office, or its user has none
	Off          Refusal = "off"           // by the office's superuser
	NotRole      Refusal = "role"          // it is not for users of this role
	WithPass     Refusal = "pass"          // it is sensitive, and a day pass stands in for the second factor
	CoolingOff   Refusal = "cooling"       // it is sensitive, and a factor of the user has just changed
	Unfinished   Refusal = "unfinished"    // the log-in is not complete
	SecondFactor Refusal = "second_factor" // none was proven, and the application demands it
	FactorAge    Refusal = "factor_age"    // the proof is too old for it
)

// Mendable reports whether the user can do something about a refusal at once.
func (r Refusal) Mendable() bool { return r == Unfinished || r == SecondFactor || r == FactorAge }

// Door is what an application demands of the users of one office.
type Door struct {
	Admitted         bool // it is for this office
	Disabled, Off    bool
	Roles            []account.Role // that may enter
	RequireTwoFactor bool
	MaxFactorAge     time.Duration // 0: as old as the session
	Sensitive        bool          // closed to day passes, to who cools off, and to a trusted browser as the second factor
}

// Visitor is who stands before a Door.
type Visitor struct {
	Role       account.Role
	Unfinished bool          // something comes first: the second step, a new password, a passkey
	Level      int           // factors proven
	Trusted    bool          // a trusted browser stands for the second
	FactorAge  time.Duration // since the second factor was proven; meaningless at level 1
	Limited    bool          // let in for the day by a superuser: see package rescue
	Cooling    bool          // a factor was changed, or reset, a short time ago
}

// Decide returns why a visitor is not let in. It is the one rule of the session check, of a ticket, of an OpenID
// Connect authorization and of the home page.
func (d Door) Decide(v Visitor) Refusal {
	switch {
	case d.Disabled:
		return Disabled
	case !d.Admitted:
		return NotOffice
	case d.Off:
		return Off
	case !slices.Contains(d.Roles, v.Role):
		return NotRole
	case v.Unfinished:
		return Unfinished
	case d.Sensitive && v.Limited:
		return WithPass
	case d.Sensitive && v.Cooling:
		return CoolingOff
	case v.Level < 2 && (d.RequireTwoFactor || d.MaxFactorAge > 0), v.Trusted && d.Sensitive:
		return SecondFactor
	case d.MaxFactorAge > 0 && v.FactorAge > d.MaxFactorAge:
		return FactorAge
	}
	return Allowed
}
