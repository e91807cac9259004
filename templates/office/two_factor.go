package office

import "github.com/nightlatch/nightlatch/templates"

// TwoFactorView is Settings > Office > Two-factor authentication. Each section is a field of its own.
type TwoFactorView struct {
	Active    bool // two factors are demanded of the office
	MayChange bool
	Trusted   *TrustedView // for who may change it
	Date      DateCard
	Waves     *WaveSection     // for a superuser, before the date
	BlackOuts *BlackOutSection // for a superuser
	Reminders *ReminderSection // for a superuser, before the date

	Passkeys    *PasskeysSection // where the installation has them
	Rescue      *RescueSection   // for a superuser
	Exempt      *ExemptSection   // for a superuser
	Invitations *InvitationsView // for a superuser
	Standing    *StandingLine    // for a superuser
}

// StandingLine is how far the office is, beside the link to who is ready.
type StandingLine struct{ Users, Ready int }

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
	if w := v.Waves; w != nil {
		problems = append(problems, templates.Problems("wave-name", w.NameError, "wave-usernames", w.UsernamesError,
			"wave-from", w.FromError)...)
	}
	if b := v.BlackOuts; b != nil {
		problems = append(problems, templates.Problems("free-day", b.DayError, "free-name", b.NameError,
			"free-file", b.FileError)...)
	}
	return problems
}

// TwoFactor is the page. A section is a template in a file of its own, named here and in the page.
var TwoFactor = templates.NewPage[TwoFactorView](files, templates.App, "two_factor.html", "date.html",
	"exempt.html", "invitations.html",
	"waves.html", "black_out.html", "reminders.html")
