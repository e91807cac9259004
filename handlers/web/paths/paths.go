// Package paths spells every address of the site once, for the routes, for redirects and, by Named, for templates.
//
// A constant is a route's pattern as the router takes it: ":id" stands for a value, which To fills in. The package is a
// leaf and imports nothing but the standard library. To add a route, add its constant, and its name in Named: a test
// fails for a constant without one.
package paths

import (
	"fmt"
	"net/url"
	"strings"
)

// Everybody's.
const (
	Start    = "/"
	Health   = "/healthz"
	Ready    = "/readyz"
	Static   = "/static/*"
	Country  = "/country" // the flag of a number
	Language = "/language"

	Session = "/session"

	// Addresses that browsers and password managers ask for by themselves.
	ChangePassword = "/.well-known/change-password"
	Favicon        = "/favicon.ico"
	TouchIcon      = "/apple-touch-icon.png"
	OldTouchIcon   = "/apple-touch-icon-precomposed.png"

	Login        = "/login"
	Logout       = "/logout"
	SSO          = "/login/sso"
	SSOGo        = "/login/sso/go"
	SSOCallback  = "/login/sso/callback"
	SSOLink      = "/login/sso/link"
	SSOInitiate  = "/login/sso/initiate"
	Forgot       = "/login/forgot"
	Link         = "/link/:token"
	LinkAgain    = "/link/again"
	LinkStrength = "/link/strength"

	// The OpenID Connect provider.
	SigningKeys     = "/.well-known/jwks.json"
	Discovery       = "/.well-known/openid-configuration"
	OAuthAuthorize  = "/oauth2/authorize"
	OAuthContinue   = "/oauth2/continue/:handle"
	OAuthToken      = "/oauth2/token" // #nosec G101 -- an address
	OAuthUserinfo   = "/oauth2/userinfo"
	OAuthIntrospect = "/oauth2/introspect"
	OAuthRevoke     = "/oauth2/revoke"
	OAuthLogout     = "/oauth2/logout"
	OAuthLeave      = "/oauth2/leave"

	DemoMailbox = "/demo/mailbox"
	DemoPhone   = "/demo/phone"
)

// The door to applications: what proxies ask, the portal's pages, and what is on an application's own host.
const (
	DoorAuthRequest = "/door/auth-request"
	DoorForwardAuth = "/door/forward-auth"
	DoorOpen        = "/door/open"
	DoorVisit       = "/door/visit"
	DoorLeft        = "/door/left"
	HostStart       = "/.nightlatch/start"
	HostEnter       = "/.nightlatch/enter"
	HostSignOut     = "/.nightlatch/sign-out"
)

// The second step of a log-in.
const (
	SecondStep    = "/login/second-step"
	LoginWord     = "/login/word"
	LoginMethod   = "/login/method"
	LoginCheck    = "/login/check"
	LoginNumber   = "/login/number"
	LoginApp      = "/login/app"
	LoginAppSetup = "/login/app/setup"
	LoginRecovery = "/login/recovery"
	LoginPasskey  = "/login/passkey"
	LoginWays     = "/login/ways"
	LoginSend     = "/login/send"
	LoginCode     = "/login/code"
	LoginResend   = "/login/resend"
	LoginMessage  = "/login/message"
	LoginHelp     = "/login/help"
	LoginHelpLine = "/login/help/line"

	LoginPasskeyNew = "/login/passkey/new"
	LoginAlone      = "/login/with-passkey"
)

// The applications that a user may open.
const (
	Applications       = "/applications"
	ApplicationOnly    = "/applications/only"
	ApplicationPicture = "/applications/:id/picture"
)

// My settings.
const (
	Settings         = "/settings"
	Notices          = "/settings/notices"
	Me               = "/settings/me"
	MyWord           = "/settings/me/word"
	MyNumber         = "/settings/me/number"
	MyApp            = "/settings/me/app"
	MyAppRemove      = "/settings/me/app/remove"
	MyPasskeys       = "/settings/me/passkeys"
	MyPasskeyNew     = "/settings/me/passkeys/new"
	MyPasskeyRemove  = "/settings/me/passkeys/:id/remove"
	MyPasskeyRename  = "/settings/me/passkeys/:id/rename"
	RecoveryCodes    = "/settings/me/recovery-codes"
	RecoveryFile     = "/settings/me/recovery-codes.txt"
	RecoveryKept     = "/settings/me/recovery-codes/kept"
	Password         = "/settings/me/password"
	PasswordStrength = "/settings/me/password/strength"
	SessionEnd       = "/settings/me/sessions/:id/end"
	SessionEndOthers = "/settings/me/sessions/end-others"
	MyTrustedEnd     = "/settings/me/trusted/:id/end"
	MyApplicationEnd = "/settings/me/applications/:id/end"
	MyOnly           = "/settings/me/applications/only"
	MySSOLink        = "/settings/me/sso/link"
	MySSOUnlink      = "/settings/me/sso/unlink"
)

// Step-up: a proof asked for once more, before a change.
const (
	// Soon is where a log-in leads while a second factor is not demanded of its user yet, but will be.
	Soon = "/settings/soon"
	// Drill is where a log-in leads while its office tries out codes before they are needed.
	Drill     = "/settings/drill"
	DrillSkip = "/settings/drill/skip"

	StepUp         = "/settings/confirm"
	StepUpRecovery = "/settings/confirm/recovery"
	StepUpPasskey  = "/settings/confirm/passkey"
	StepUpWays     = "/settings/confirm/ways"
	StepUpSend     = "/settings/confirm/send"
	StepUpCode     = "/settings/confirm/code"
	StepUpResend   = "/settings/confirm/resend"
	StepUpMessage  = "/settings/confirm/message"
)

// An office's own settings.
const (
	Office             = "/settings/office"
	OfficeGeneral      = "/settings/office/general"
	OfficeSwitch       = "/settings/office/general/switch"
	OfficeActivate     = "/settings/office/general/activate"
	OfficeSwitchOff    = "/settings/office/general/switch-off"
	OfficeCountries    = "/settings/office/countries"
	OfficePasskeys     = "/settings/office/two-factor/passkeys"
	OfficePasskeyAsk   = "/settings/office/two-factor/passkeys/superusers"
	OfficeTwoFactor    = "/settings/office/two-factor"
	OfficeTrusted      = "/settings/office/two-factor/trusted"
	OfficeInvitations  = "/settings/office/two-factor/invitations"
	OfficeExempt       = "/settings/office/two-factor/exempt"
	OfficeExemptEnd    = "/settings/office/two-factor/exempt/end"
	OfficeDate         = "/settings/office/two-factor/date"
	OfficeDateRemove   = "/settings/office/two-factor/date/remove"
	OfficeGrace        = "/settings/office/two-factor/grace"
	OfficeDrill        = "/settings/office/two-factor/drill"
	OfficeDrillEnd     = "/settings/office/two-factor/drill/end"
	OfficeRescue       = "/settings/office/two-factor/rescue"
	OfficeApplications = "/settings/office/applications"
	OfficeApplication  = "/settings/office/applications/:id"
	OfficeEvidence     = "/settings/office/evidence"
	OfficeHistory      = "/settings/office/history"
	OfficeHistoryFile  = "/settings/office/history/file"
	OfficeSSO          = "/settings/office/sign-in"
	OfficeSSOTest      = "/settings/office/sign-in/test"
	OfficeSSORemove    = "/settings/office/sign-in/remove"
)

// When an office asks whom for two factors.
const (
	OfficeWave           = "/settings/office/two-factor/wave"
	OfficeWaveRemove     = "/settings/office/two-factor/wave/remove"
	OfficeBlackOut       = "/settings/office/two-factor/black-out"
	OfficeBlackOutRemove = "/settings/office/two-factor/black-out/remove"
	OfficeBlackOutImport = "/settings/office/two-factor/black-out/import"
)

// Who of an office is ready for two factors, and what is done about those who are not.
const (
	OfficeRollout       = "/settings/office/rollout"
	OfficeRolloutRemind = "/settings/office/rollout/remind"
	OfficeRolloutInvite = "/settings/office/rollout/invite"
	OfficeRolloutExport = "/settings/office/rollout/export"
)

// An office's users.
const (
	Users            = "/settings/users"
	UserNew          = "/settings/users/new"
	UsersExport      = "/settings/users/export"
	UsersImport      = "/settings/users/import"
	UsersImportDo    = "/settings/users/import/do"
	UsersEndSessions = "/settings/users/end-sessions"
	UsersInvite      = "/settings/users/invite"
	UsersNumbers     = "/settings/users/numbers"
	UserNumberListed = "/settings/users/:id/number/listed"
	User             = "/settings/users/:id"
	UserNumber       = "/settings/users/:id/number"
	UserReset        = "/settings/users/:id/reset"
	UserResetAsk     = "/settings/users/:id/reset/ask"
	UserResetDecline = "/settings/users/:id/reset/decline"
	UserHelp         = "/settings/users/:id/help"
	UserHelpRefuse   = "/settings/users/:id/help/refuse"
	UserChange       = "/settings/users/:id/change"
	UserDisable      = "/settings/users/:id/disable"
	UserEnable       = "/settings/users/:id/enable"
	UserDelete       = "/settings/users/:id/delete"
	UserInvite       = "/settings/users/:id/invite"
	UserEndSessions  = "/settings/users/:id/end-sessions"
)

// The operators'.
const (
	OperatorLogin                    = "/operator/login"
	OperatorCode                     = "/operator/login/code"
	Operator                         = "/operator"
	OperatorLive                     = "/operator/live"
	OperatorPrefixRelease            = "/operator/prefixes/release"
	OperatorWaiting                  = "/operator/waiting"
	OperatorWaitingLive              = "/operator/waiting/live"
	OperatorWaitingNow               = "/operator/waiting/now"
	OperatorChallengeEnd             = "/operator/waiting/:id/end"
	OperatorChallengeSend            = "/operator/waiting/:id/send"
	OperatorOffices                  = "/operator/offices"
	OperatorOffice                   = "/operator/offices/:id"
	OperatorOfficeFirst              = "/operator/offices/:id/first"
	OperatorCosts                    = "/operator/costs.csv"
	OperatorCap                      = "/operator/cap"
	OperatorMe                       = "/operator/me"
	OperatorPassword                 = "/operator/me/password"
	OperatorPasswordStrength         = "/operator/me/password/strength"
	OperatorApp                      = "/operator/me/app"
	OperatorAppSetup                 = "/operator/me/app/setup"
	OperatorSessionEnd               = "/operator/me/sessions/:id/end"
	OperatorSessionEndOthers         = "/operator/me/sessions/end-others"
	OperatorApplications             = "/operator/applications"
	OperatorApplicationNew           = "/operator/applications/new"
	OperatorApplication              = "/operator/applications/:id"
	OperatorApplicationChange        = "/operator/applications/:id/change"
	OperatorApplicationEnable        = "/operator/applications/:id/enable"
	OperatorApplicationDisable       = "/operator/applications/:id/disable"
	OperatorApplicationCheck         = "/operator/applications/:id/check"
	OperatorApplicationRemove        = "/operator/applications/:id/remove"
	OperatorApplicationSecret        = "/operator/applications/:id/secret" // #nosec G101 -- an address
	OperatorApplicationPicture       = "/operator/applications/:id/picture"
	OperatorApplicationPictureRemove = "/operator/applications/:id/picture/remove"
	OperatorHistory                  = "/operator/history"
	OperatorHistoryFile              = "/operator/history/file"
	OperatorNotices                  = "/operator/notices"
	OperatorJobs                     = "/operator/jobs"
	OperatorJobUser                  = "/operator/job-user"
	OperatorJobsAPI                  = "/operator/jobs/api"
)

// What providers post to. The provider's name stands in its route.
const (
	Hooks = "/hooks/:token"
)

// IsCheck reports whether a path is one that proxies ask for each request to an application. What stands before every
// other route does not stand before it.
func IsCheck(path string) bool { return path == DoorAuthRequest || path == DoorForwardAuth }

// To returns the address of a pattern with its parameters filled in, in order. Too few or too many values are a
// mistake of the program, and panic.
func To(pattern string, values ...any) string {
	parts := strings.Split(pattern, "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, ":") {
			continue
		}
		if len(values) == 0 {
			panic("paths: no value for " + part + " of " + pattern)
		}
		parts[i], values = url.PathEscape(fmt.Sprint(values[0])), values[1:]
	}
	if len(values) > 0 {
		panic("paths: too many values for " + pattern)
	}
	return strings.Join(parts, "/")
}

// Next returns path with where to go on to, or path itself when next is "". next is a path, without a query.
func Next(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?next=" + next // a path of ours needs no escaping
}
