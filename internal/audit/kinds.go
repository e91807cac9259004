package audit

// Kind is what an action is about, for whoever looks for one in a history: the catalogue's key history.kind_<kind>.
type Kind string

// The kinds, each action in one of them.
const (
	KindLogIns       Kind = "log_ins"
	KindFactors      Kind = "factors"
	KindPasswords    Kind = "passwords"
	KindUsers        Kind = "users"
	KindOffice       Kind = "office"
	KindOperators    Kind = "operators"
	KindApplications Kind = "applications"
)

// Kinds returns all of them.
func Kinds() []Kind {
	return []Kind{KindLogIns, KindFactors, KindPasswords, KindUsers, KindOffice, KindApplications, KindOperators}
}

// Actions returns those of a kind.
func (k Kind) Actions() []Action {
	switch k {
	case KindLogIns:
		return []Action{SignedIn, PasswordAccepted, SignInRefused, SecondFactorRefused, SecondFactorLocked,
			SecondFactorWait, LoggedOut, SessionEnded, SSOAccepted, SSORefused, UserSessionsEnded, OfficeSessionsEnded,
			OtherSessionsEnded, SessionDisplaced, FactorConfirmed, RecoveryCodeUsed, CodeNotSent}
	case KindFactors:
		return []Action{NumberRegistered, NumberConfirmed, NumberChanged, NumberRemoved, AuthenticatorAdded,
			AuthenticatorGone, PasskeyAdded, PasskeyRemoved, PasskeyRenamed, PasskeyCopied, RecoveryCodesMade,
			TwoFactorReset, ResetAsked,
			ResetDeclined, SSOLinked, SSOUnlinked, HelpAsked, HelpAnswered, HelpMisheard, HelpRefused, HelpStopped,
			BrowserTrusted, BrowserTrustEnded}
	case KindPasswords:
		return []Action{PasswordRefused, PasswordChanged, PasswordReset, Invited, InvitationUsed, PasswordResetAsked,
			MailFailed}
	case KindUsers:
		return []Action{UserCreated, UserChanged, RoleChanged, UserDisabled, UserEnabled, UserDeleted, UsersExported,
			UsersImported}
	case KindOffice:
		return []Action{OfficeCreated, DrillBegun, DrillEnded, ReadinessExported,
			TwoFactorActivated, TwoFactorSwitched, TwoFactorDated, TwoFactorUndated,
			FirstHoursSet, WaveSet, WaveRemoved, BlackOutAdded,
			BlackOutRemoved, BlackOutsImported, UserReminded, UserExempted, ExemptionEnded,
			CountryChanged, SSOChanged, SSORemoved, TrustedBrowsersSet, PasskeyAloneSet, PasskeysDemanded,
			InvitationsSet,
			RescueChanged, MoneyCapSet, HistoryExported, EvidenceTaken}
	case KindApplications:
		return []Action{ApplicationRegistered, ApplicationChanged, ApplicationDisabled, ApplicationEnabled,
			ApplicationRemoved, ApplicationTightened, ApplicationOpened, ApplicationRefused, ApplicationLeft,
			ApplicationSecretMade, ApplicationNotTold}
	case KindOperators:
		return []Action{OperatorCreated, OperatorKeyMade, OperatorRemoved, JobsChanged, UserLookedUp, ChallengeEnded,
			ChallengeRenewed, PrefixReleased, KeyAdded, KeyPromoted, SigningKeyMade, SigningKeyRevoked}
	}
	return nil
}
