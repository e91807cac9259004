package paths

import (
	"fmt"
	"strings"
)

// Named returns the address of the route with the name of its constant, with its parameters filled in: for templates,
// where {{path "UserDisable" .ID}} is To(UserDisable, id). A name that does not exist, or the wrong number of values,
// is an error.
func Named(name string, values ...any) (string, error) {
	pattern, ok := patterns()[name]
	if !ok {
		return "", fmt.Errorf("no route is called %q", name)
	}
	if n := strings.Count(pattern, "/:"); n != len(values) {
		return "", fmt.Errorf("%s takes %d values, not %d", name, n, len(values))
	}
	return To(pattern, values...), nil
}

// patterns returns every route by its name.
func patterns() map[string]string {
	return map[string]string{
		"Start": Start, "Health": Health, "Ready": Ready, "Static": Static, "Language": Language, "Session": Session,
		"ChangePassword": ChangePassword, "Favicon": Favicon, "TouchIcon": TouchIcon, "OldTouchIcon": OldTouchIcon,
		"SigningKeys": SigningKeys, "Discovery": Discovery, "OAuthAuthorize": OAuthAuthorize,
		"OAuthContinue": OAuthContinue, "OAuthToken": OAuthToken, "OAuthUserinfo": OAuthUserinfo,
		"OAuthIntrospect": OAuthIntrospect, "OAuthRevoke": OAuthRevoke, "OAuthLogout": OAuthLogout, "OAuthLeave": OAuthLeave,
		"Login":  Login,
		"Logout": Logout, "SSO": SSO, "SSOGo": SSOGo, "SSOCallback": SSOCallback, "SSOLink": SSOLink,
		"SSOInitiate": SSOInitiate,
		"Forgot":      Forgot, "Link": Link, "LinkAgain": LinkAgain, "LinkStrength": LinkStrength, "DemoMailbox": DemoMailbox,
		"DemoPhone": DemoPhone, "SecondStep": SecondStep, "LoginMethod": LoginMethod, "LoginCheck": LoginCheck,
		"LoginNumber": LoginNumber, "LoginApp": LoginApp,
		"LoginAppSetup": LoginAppSetup, "LoginRecovery": LoginRecovery, "LoginWays": LoginWays,
		"LoginWord": LoginWord, "MyWord": MyWord,
		"LoginPasskey": LoginPasskey, "LoginPasskeyNew": LoginPasskeyNew, "StepUpPasskey": StepUpPasskey,
		"LoginAlone": LoginAlone, "OfficePasskeys": OfficePasskeys,
		"OfficePasskeyAsk": OfficePasskeyAsk,
		"MyPasskeys":       MyPasskeys, "MyPasskeyNew": MyPasskeyNew, "MyPasskeyRemove": MyPasskeyRemove,
		"MyPasskeyRename": MyPasskeyRename,
		"LoginSend":       LoginSend, "LoginCode": LoginCode, "LoginResend": LoginResend, "LoginMessage": LoginMessage,
		"Drill": Drill, "DrillSkip": DrillSkip, "OfficeDrill": OfficeDrill, "OfficeDrillEnd": OfficeDrillEnd,
		"LoginHelp": LoginHelp, "LoginHelpLine": LoginHelpLine, "UserHelp": UserHelp, "UserHelpRefuse": UserHelpRefuse,
		"OfficeRescue":  OfficeRescue,
		"OfficeRollout": OfficeRollout, "OfficeRolloutRemind": OfficeRolloutRemind,
		"OfficeRolloutInvite": OfficeRolloutInvite, "OfficeRolloutExport": OfficeRolloutExport,
		"Settings": Settings, "Country": Country, "Notices": Notices, "Me": Me, "MyNumber": MyNumber,
		"MyApp": MyApp, "MyAppRemove": MyAppRemove, "RecoveryCodes": RecoveryCodes, "RecoveryFile": RecoveryFile,
		"RecoveryKept": RecoveryKept, "Password": Password, "PasswordStrength": PasswordStrength,
		"SessionEnd": SessionEnd, "SessionEndOthers": SessionEndOthers, "MySSOLink": MySSOLink,
		"MySSOUnlink": MySSOUnlink, "StepUp": StepUp, "StepUpRecovery": StepUpRecovery, "StepUpWays": StepUpWays,
		"StepUpSend": StepUpSend, "StepUpCode": StepUpCode, "StepUpResend": StepUpResend,
		"StepUpMessage": StepUpMessage, "Office": Office, "OfficeGeneral": OfficeGeneral,
		"OfficeSwitch": OfficeSwitch, "OfficeActivate": OfficeActivate, "OfficeSwitchOff": OfficeSwitchOff,
		"OfficeTwoFactor": OfficeTwoFactor, "OfficeTrusted": OfficeTrusted, "OfficeInvitations": OfficeInvitations,
		"OfficeExempt":    OfficeExempt,
		"OfficeExemptEnd": OfficeExemptEnd, "MyTrustedEnd": MyTrustedEnd,
		"OfficeWave": OfficeWave, "OfficeWaveRemove": OfficeWaveRemove, "OfficeBlackOut": OfficeBlackOut,
		"OfficeBlackOutRemove": OfficeBlackOutRemove, "OfficeBlackOutImport": OfficeBlackOutImport,
		"OfficeDate":       OfficeDate,
		"OfficeDateRemove": OfficeDateRemove, "OfficeGrace": OfficeGrace, "Soon": Soon,
		"OfficeCountries": OfficeCountries, "OfficeApplications": OfficeApplications,
		"OfficeApplication": OfficeApplication, "OfficeEvidence": OfficeEvidence,
		"OfficeHistory": OfficeHistory, "OfficeHistoryFile": OfficeHistoryFile,
		"OperatorHistoryFile": OperatorHistoryFile, "OfficeSSO": OfficeSSO,
		"OfficeSSOTest": OfficeSSOTest, "OfficeSSORemove": OfficeSSORemove, "Users": Users, "UserNew": UserNew,
		"UsersExport": UsersExport, "UsersImport": UsersImport, "UsersImportDo": UsersImportDo,
		"UsersEndSessions": UsersEndSessions, "UsersInvite": UsersInvite, "UsersNumbers": UsersNumbers,
		"UserNumberListed": UserNumberListed, "User": User, "UserNumber": UserNumber, "UserReset": UserReset,
		"UserResetAsk": UserResetAsk, "UserResetDecline": UserResetDecline, "UserChange": UserChange,
		"UserDisable": UserDisable, "UserEnable": UserEnable, "UserDelete": UserDelete, "UserInvite": UserInvite,
		"UserEndSessions": UserEndSessions, "OperatorLogin": OperatorLogin, "OperatorCode": OperatorCode,
		"Operator": Operator, "OperatorPrefixRelease": OperatorPrefixRelease, "OperatorWaiting": OperatorWaiting,
		"OperatorWaitingLive": OperatorWaitingLive, "OperatorLive": OperatorLive,
		"OperatorWaitingNow": OperatorWaitingNow, "OperatorChallengeEnd": OperatorChallengeEnd,
		"OperatorChallengeSend": OperatorChallengeSend, "OperatorOffices": OperatorOffices,
		"OperatorJobUser": OperatorJobUser, "OperatorPassword": OperatorPassword,
		"OperatorOffice": OperatorOffice, "OperatorOfficeFirst": OperatorOfficeFirst,
		"OperatorCosts": OperatorCosts, "OperatorCap": OperatorCap,
		"OperatorApplications": OperatorApplications, "OperatorApplicationNew": OperatorApplicationNew,
		"OperatorApplication": OperatorApplication, "OperatorApplicationChange": OperatorApplicationChange,
		"OperatorApplicationEnable":        OperatorApplicationEnable,
		"OperatorApplicationDisable":       OperatorApplicationDisable,
		"OperatorApplicationRemove":        OperatorApplicationRemove,
		"OperatorApplicationSecret":        OperatorApplicationSecret,
		"OperatorApplicationPicture":       OperatorApplicationPicture,
		"OperatorApplicationPictureRemove": OperatorApplicationPictureRemove,
		"OperatorHistory":                  OperatorHistory, "OperatorNotices": OperatorNotices, "OperatorJobs": OperatorJobs,
		"OperatorMe":               OperatorMe,
		"OperatorApp":              OperatorApp,
		"OperatorApplicationCheck": OperatorApplicationCheck,
		"OperatorAppSetup":         OperatorAppSetup,
		"OperatorPasswordStrength": OperatorPasswordStrength,
		"OperatorSessionEnd":       OperatorSessionEnd,
		"OperatorSessionEndOthers": OperatorSessionEndOthers,
		"OperatorJobsAPI":          OperatorJobsAPI, "Hooks": Hooks,
		"DoorAuthRequest": DoorAuthRequest, "DoorForwardAuth": DoorForwardAuth, "DoorOpen": DoorOpen,
		"DoorVisit": DoorVisit, "DoorLeft": DoorLeft, "HostStart": HostStart, "HostEnter": HostEnter,
		"HostSignOut": HostSignOut, "Applications": Applications, "ApplicationOnly": ApplicationOnly,
		"ApplicationPicture": ApplicationPicture, "MyApplicationEnd": MyApplicationEnd, "MyOnly": MyOnly,
	}
}
