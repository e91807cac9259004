package office

import "github.com/nightlatch/nightlatch/templates"

// TwoFactorView is Settings > Office > Two-factor authentication. Each section is a field of its own.
type TwoFactorView struct {
	Active    bool // two factors are demanded of the office
	MayChange bool
	Trusted   *TrustedView // for who may change it
	Date      DateCard

	Passkeys    *PasskeysSection // where the installation has them
	Rescue      *RescueSection   // for a superuser
	Exempt      *ExemptSection   // for a superuser
	Invitations *InvitationsView // for a superuser
}

// Problems implements templates.Refusable.
func (v TwoFactorView) Problems() []templates.Problem {
	problems := templates.Problems("from", v.Date.Field.Error)
	if v.Exempt != nil {
		problems = append(problems, templates.Problems("exempt-username", v.Exempt.UsernameError,
			"exempt-reason", v.Exempt.ReasonError)...)
	}
	if v.Passkeys != nil {
		problems = append(problems, templates.Problems("passkeys-asked", v.Passkeys.Error)...)
	}
	if v.Rescue != nil {
		problems = append(problems, templates.Problems("hours", v.Rescue.HoursError)...)
	}
	return problems
}

// TwoFactor is the page. A section is a template in a file of its own, named here and in the page.
var TwoFactor = templates.NewPage[TwoFactorView](files, templates.App, "two_factor.html", "date.html",
	"exempt.html", "invitations.html")
