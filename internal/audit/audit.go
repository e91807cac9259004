// Package audit writes down what happened: who did what to whom, from where, and how it ended. An event
// is written in the transaction of what it records, so neither exists without the other; the table takes
// no update and no delete. It holds no code, no secret and no whole number.
package audit

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// Action is what happened: a stable word, and the catalogue's key audit.<action>.
type Action string

// What is written down.
const (
	SignedIn            Action = "signed_in"             // the password was enough, or the second factor was right
	PasswordAccepted    Action = "password_accepted"     // a pending log-in began
	SignInRefused       Action = "sign_in_refused"       // wrong office, user or password
	PasswordRefused     Action = "password_refused"      // a wrong password inside a session, before a change
	SecondFactorRefused Action = "second_factor_refused" // a wrong code
	SecondFactorLocked  Action = "second_factor_locked"  // twenty in a day: recovery codes alone, or a reset
	SecondFactorWait    Action = "second_factor_wait"    // ten in a row: the user has to wait
	LoggedOut           Action = "logged_out"
	SessionEnded        Action = "session_ended"
	TwoFactorActivated  Action = "two_factor_activated"
	TwoFactorSwitched   Action = "two_factor_switched_off"
	NumberRegistered    Action = "number_registered" // by a superuser or accountant, unconfirmed
	NumberConfirmed     Action = "number_confirmed"
	NumberChanged       Action = "number_changed"
	NumberRemoved       Action = "number_removed"
	AuthenticatorAdded  Action = "authenticator_added"
	AuthenticatorGone   Action = "authenticator_removed"
	PasskeyAdded        Action = "passkey_added"
	PasskeyRemoved      Action = "passkey_removed"
	PasskeyRenamed      Action = "passkey_renamed"
	PasskeyCopied       Action = "passkey_copied" // refused: it may have been copied
	PasskeyAloneSet     Action = "passkey_alone_set"
	PasskeysDemanded    Action = "passkeys_demanded" // of superusers: on or off is the detail
	RecoveryCodesMade   Action = "recovery_codes_made"
	RecoveryCodeUsed    Action = "recovery_code_used"
	FactorConfirmed     Action = "factor_confirmed_again" // a fresh proof inside a session
	TwoFactorReset      Action = "two_factor_reset"
	OfficeCreated       Action = "office_created"
	UserCreated         Action = "user_created"
	CodeNotSent         Action = "code_not_sent" // a limit stopped it: which one is the detail
	DrillBegun          Action = "drill_begun"   // everybody with a number or an app is asked for a code once
	DrillEnded          Action = "drill_ended"   // by a superuser, before its time
	TwoFactorDated      Action = "two_factor_dated"
	TwoFactorUndated    Action = "two_factor_undated"
	FirstHoursSet       Action = "first_hours_set"
	WaveSet             Action = "wave_set" // who has a date of their own: who, and which, is the detail
	WaveRemoved         Action = "wave_removed"
	BlackOutAdded       Action = "black_out_added" // a day without dates
	BlackOutRemoved     Action = "black_out_removed"
	BlackOutsImported   Action = "black_outs_imported" // how many days is the detail
	UserReminded        Action = "user_reminded"       // by a superuser: has no second factor yet
	UserExempted        Action = "user_exempted"
	ExemptionEnded      Action = "exemption_ended"
	CountryChanged      Action = "country_changed"
	ChallengeRenewed    Action = "challenge_renewed" // an operator had a code sent anew
	KeyAdded            Action = "key_added"         // a new master key stands in a key file, and seals nothing yet
	KeyPromoted         Action = "key_promoted"      // it seals from now on
	SigningKeyMade      Action = "signing_key_made"  // it stands in the published set, and will sign
	SigningKeyRevoked   Action = "signing_key_revoked"

	OperatorCreated Action = "operator_created"
	OperatorKeyMade Action = "operator_key_made" // the key of their authenticator app was printed
	OperatorRemoved Action = "operator_removed"
	JobsChanged     Action = "jobs_changed" // an operator is about to change the queue: retry, cancel, delete, pause

	// What an operator does.
	UserLookedUp   Action = "user_looked_up" // "why is this user waiting?"
	ChallengeEnded Action = "challenge_ended"
	PrefixReleased Action = "prefix_released" // a stopped range of numbers may get messages again
	MoneyCapSet    Action = "money_cap_set"   // of an office; without one, of the installation

	// A superuser's work on the office's users.
	UserChanged         Action = "user_changed" // which of name and e-mail is the detail
	RoleChanged         Action = "role_changed" // the new role is the detail
	UserDisabled        Action = "user_disabled"
	UserEnabled         Action = "user_enabled"
	UserDeleted         Action = "user_deleted"
	EvidenceTaken       Action = "evidence_taken" // the detail is the range of days
	UsersExported       Action = "users_exported"
	UsersImported       Action = "users_imported"
	HistoryExported     Action = "history_exported"   // of an office; without one, of the installation
	ReadinessExported   Action = "readiness_exported" // how many users is the detail
	ResetAsked          Action = "reset_asked"        // by an accountant, or another superuser
	ResetDeclined       Action = "reset_declined"
	HelpAsked           Action = "help_asked"     // at the second step, by who gave the password: see package rescue
	HelpAnswered        Action = "help_answered"  // with the right words; what was done is the detail
	HelpMisheard        Action = "help_misheard"  // wrong words
	HelpRefused         Action = "help_refused"   // by a superuser
	RescueChanged       Action = "rescue_changed" // how the office gets out of trouble
	HelpStopped         Action = "help_stopped"   // by the link in the mail to the user
	UserSessionsEnded   Action = "user_sessions_ended"
	OfficeSessionsEnded Action = "office_sessions_ended"
	OtherSessionsEnded  Action = "other_sessions_ended" // the user's own, all but the one they sit in
	SessionDisplaced    Action = "session_displaced"    // the oldest of too many

	// Passwords.
	PasswordChanged    Action = "password_changed" // by its user, with the present one
	PasswordReset      Action = "password_reset"   // with a link
	Invited            Action = "invited"
	InvitationUsed     Action = "invitation_used"      // the first password was set
	PasswordResetAsked Action = "password_reset_asked" // "Forgot your password?"
	MailFailed         Action = "mail_failed"          // a mail to the subject was given up: why is the detail
	// Single sign-on. Who is refused is named as the provider names them when no user here is linked to them.
	SSOAccepted Action = "sso_accepted" // a pending log-in began
	SSORefused  Action = "sso_refused"  // the office's policy, not the provider's answer
	SSOLinked   Action = "sso_linked"
	SSOUnlinked Action = "sso_unlinked"

	BrowserTrusted     Action = "browser_trusted"
	BrowserTrustEnded  Action = "browser_trust_ended"  // by its user; what else ends it says so itself
	InvitationsSet     Action = "invitations_set"      // the detail is the days
	TrustedBrowsersSet Action = "trusted_browsers_set" // the detail is the days, or none
	SSOChanged         Action = "sso_changed"          // the office's provider or policy: the policy is the detail
	SSORemoved         Action = "sso_removed"

	// Applications: the name is the detail.
	ApplicationRegistered Action = "application_registered"
	ApplicationChanged    Action = "application_changed"
	ApplicationDisabled   Action = "application_disabled"
	ApplicationEnabled    Action = "application_enabled"
	ApplicationRemoved    Action = "application_removed"
	ApplicationTightened  Action = "application_tightened" // by an office's superuser
	ApplicationSecretMade Action = "application_secret_made"
	ApplicationOpened     Action = "application_opened"
	ApplicationRefused    Action = "application_refused" // and why
	ApplicationLeft       Action = "application_left"    // signed out of it alone
	ApplicationNotTold    Action = "application_not_told"
)

// Person names a user in an event. The zero value is nobody.
type Person struct {
	ID   int64
	Name string // username
}

// Event is one thing that happened. Office 0 is no office: a log-in under an unknown code.
type Event struct {
	Office  int64
	Actor   Person // who did it; Name "command line" with ID 0 for the operator's shell
	Subject Person // to whom, when that is not the actor
	Action  Action
	Detail  string // a few words: a method, a masked number, an outcome
	Address string // the client's IP address
}

// CommandLine is the actor of what an operator's command does.
var CommandLine = Person{Name: "command line"}

// Log writes events to the table and, for whoever reads the process's own log, to logger as well.
type Log struct {
	logger    *slog.Logger
	observers []func(Event)
}

// NewLog returns a Log. Each observer is told of every event after its insert, in the caller's goroutine, so it
// must not wait. The transaction may still roll back: an observer may count an event that the table never had.
func NewLog(logger *slog.Logger, observers ...func(Event)) *Log { return &Log{logger, observers} }

// Write adds the event in the transaction tx.
func (l *Log) Write(ctx context.Context, tx dbsqlc.DBTX, e Event) error {
	return l.Count(ctx, tx, e, true)
}

// Count is Write for an event that may be counted with others instead of being written: in the same time, nearly, and
// told to the observers either way.
func (l *Log) Count(ctx context.Context, tx dbsqlc.DBTX, e Event, written bool) error {
	err := dbsqlc.New().AuditEventInsert(ctx, tx, dbsqlc.AuditEventInsertParams{
		OfficeID: ref(e.Office), ActorID: ref(e.Actor.ID), Actor: clip(e.Actor.Name), SubjectID: ref(e.Subject.ID),
		Subject: clip(e.Subject.Name), Action: string(e.Action), Detail: clip(e.Detail), Address: e.Address, Written: written,
	})
	if err != nil {
		return fmt.Errorf("write audit event %s: %w", e.Action, err)
	}
	l.logger.InfoContext(ctx, "audit", "action", e.Action, "office", e.Office, "actor", e.Actor.ID,
		"subject", e.Subject.ID,
		"detail", e.Detail, "address", e.Address)
	for _, observe := range l.observers {
		observe(e)
	}
	return nil
}

func ref(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// clip bounds what a stranger typed before it is kept for ever.
func clip(s string) string {
	const limit = 120
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:limit]) + "…"
}

// Entry is an event as the history page shows it.
type Entry struct {
	ID      int64
	At      time.Time
	Actor   string
	Subject string
	Action  Action
	Detail  string
	Address string
}
