package office

import "github.com/nightlatch/nightlatch/templates"

// TwoFactorView is Settings > Office > Two-factor authentication. Each section is a field of its own.
type TwoFactorView struct {
	Active    bool // two factors are demanded of the office
	MayChange bool
	Trusted   *TrustedView // for who may change it
	Date      DateCard

	PasskeyAlone bool             // with user verification a passkey is the whole log-in
	Rescue       *RescueSection   // for a superuser
	Exempt       *ExemptSection   // for a superuser
	Invitations  *InvitationsView // for a superuser
}

// Problems implements templates.Refusable.
func (v TwoFactorView) Problems() []templates.Problem {
	if v.Rescue == nil || v.Exempt == nil {
		return templates.Problems("from", v.Date.Field.Error)
	}
	return templates.Problems("from", v.Date.Field.Error, "hours", v.Rescue.HoursError,
		"exempt-username", v.Exempt.UsernameError, "exempt-reason", v.Exempt.ReasonError)
}

// TwoFactor is the page. A section is a template in a file of its own, named here and in the page.
var TwoFactor = templates.NewPage[TwoFactorView](files, templates.App, "two_factor.html", "date.html",
	"exempt.html", "invitations.html")
