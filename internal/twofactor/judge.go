package twofactor

import (
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
)

// judge is the whole table of what a proof of a kind may do: purpose × pending × factors × step-up × word, as they are
// at this moment. It is asked when a challenge is made and, under the user's lock, when a proof is consumed: in between
// the office may have switched, the user enrolled in another browser, the step-up gone stale.
//
// It returns nil, ErrOver, ErrHasFactor, ErrNotAllowed, ErrWordOwed, ErrFactorElsewhere, or fault.StepUpRequired.
func judge(purpose factor.Purpose, kind factor.Kind, now session.Session) error {
	switch purpose {
	case factor.PurposeSignIn:
		if now.Level > 1 {
			return ErrOver // proven in another tab
		}
		return provable(kind, now)
	case factor.PurposeStepUp:
		return provable(kind, now)
	case factor.PurposeEnrol:
		switch {
		case now.User.IsOperator():
			return ErrNotAllowed // an operator's app comes from the command line
		case now.Factors.HasFactor():
			return ErrHasFactor // enrolled in another browser
		case now.Level > 1:
			return ErrOver
		case now.WordOwed:
			return ErrWordOwed // the password alone enrols nobody after a reset
		case now.Pending() && now.FactorElsewhere:
			return ErrFactorElsewhere // nor whose second factor is the provider's
		case !now.Pending(): // the office has just stopped demanding it
			return now.RequireStepUp(session.StepUpOwn)
		}
		return nil
	case factor.PurposeChange:
		switch {
		case now.User.IsOperator():
			return changesOperator(kind, now)
		case now.Pending():
			return ErrOver // the office has just begun to demand it: a pending log-in changes nothing
		case kind.Single() && now.Factors.Has(kind):
			return ErrHasFactor // it is removed first
		case now.WordOwed:
			return ErrWordOwed
		}
		if err := now.MayChangeFactor(); err != nil {
			return err
		}
		return now.RequireStepUp(session.StepUpOwn)
	}
	return ErrNotAllowed
}

// changesOperator is judge for an operator's next app: it takes the place of the present one, and of nothing else, when
// that and the password were both proven just now.
func changesOperator(kind factor.Kind, now session.Session) error {
	switch {
	case kind != factor.App || !now.Factors.Has(factor.App):
		return ErrNotAllowed
	case now.Pending():
		return ErrOver
	}
	return now.RequireStepUp(session.StepUpBoth)
}

// provable returns ErrOver unless the user has a factor of this kind. Whether there are recovery codes, nobody is told:
// a code of none is wrong like any other.
func provable(kind factor.Kind, now session.Session) error {
	if kind != factor.Recovery && !now.Factors.Has(kind) {
		return ErrOver
	}
	return nil
}

// purposeFor returns what a proof does whose kind leaves that to the session.
func purposeFor(sess session.Session, enrols bool) factor.Purpose {
	switch {
	case enrols && sess.Pending():
		return factor.PurposeEnrol
	case enrols:
		return factor.PurposeChange
	case sess.Pending():
		return factor.PurposeSignIn
	}
	return factor.PurposeStepUp
}
