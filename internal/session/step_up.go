package session

import (
	"slices"
	"time"

	"github.com/nightlatch/nightlatch/internal/fault"
)

// Fresh is how long a proof counts as fresh.
const Fresh = 10 * time.Minute

// StepUp is what an act takes beyond a session: a proof of its user's own in the last ten minutes.
type StepUp string

// The kinds of step-up.
const (
	// StepUpOwn: the present factor or, for a user without one, the password. For changes of one's own factors,
	// sessions and ways in.
	StepUpOwn StepUp = "own"
	// StepUpOffice: the second factor where it is demanded; where it is not, the password will do. For changes of
	// other users and of the office's settings.
	StepUpOffice StepUp = "office"
	// StepUpEither: any of both. For taking a way in away from oneself, which gives nothing.
	StepUpEither StepUp = "either"
	// StepUpBoth: the present factor and the password. For an operator's next authenticator app.
	StepUpBoth StepUp = "both"
)

// RequireStepUp returns fault.StepUpRequired unless the session has the proof that s asks for. It is the only place
// that knows what is fresh enough for what.
func (s Session) RequireStepUp(need StepUp) error {
	if need == StepUpOffice {
		if err := s.mayChange(); err != nil {
			return err
		}
	}
	enough := false
	switch need {
	case StepUpOwn:
		enough = s.FreshFactor() || !s.Factors.HasFactor() && s.FreshPassword()
	case StepUpOffice:
		enough = s.FreshFactor() || !s.TwoFactorRequired && s.FreshPassword()
	case StepUpEither:
		enough = s.FreshFactor() || s.FreshPassword()
	case StepUpBoth:
		enough = s.FreshFactor() && s.FreshPassword()
	}
	if !enough {
		return fault.StepUpRequired
	}
	return nil
}

// FreshFactor reports whether the second factor was proven in the last ten minutes. A provider's second factor never
// does: nobody here saw it, and what needs a fresh proof needs one of ours.
func (s Session) FreshFactor() bool {
	return !s.SecondFactorAt.IsZero() && s.Now.Sub(s.SecondFactorAt) < Fresh &&
		!slices.Contains(s.Methods, string(BySSOFactor))
}

// FreshPassword reports whether the password was proven in the last ten minutes.
func (s Session) FreshPassword() bool { return s.Now.Sub(s.PasswordAt) < Fresh }

// ErrLimited says that a session which a superuser let in for the day may not do this.
var ErrLimited = fault.New(fault.Forbidden, "a day pass changes nothing")

// Cooling says that what is asked for waits until a moment: a factor of the user was changed, or reset, a short time
// ago, and whoever did that may not be the user.
type Cooling struct{ Until time.Time }

func (c *Cooling) Error() string { return "cooling off after a change of a factor" }

// Unwrap makes it a conflict.
func (c *Cooling) Unwrap() error { return errCooling }

var errCooling = fault.New(fault.Conflict, "cooling off after a change of a factor")

// mayChange returns ErrLimited for a day pass, and *Cooling while the session's user cools off.
func (s Session) mayChange() error {
	switch {
	case s.Limited:
		return ErrLimited
	case !s.CoolingUntil.IsZero() && s.Now.Before(s.CoolingUntil):
		return &Cooling{s.CoolingUntil}
	}
	return nil
}

// MayChangeFactor returns ErrLimited for a day pass, and *Cooling while the session's user cools off: the factor that
// was changed last is not changed again at once.
func (s Session) MayChangeFactor() error { return s.mayChange() }
