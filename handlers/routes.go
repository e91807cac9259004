package handlers

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/demo"
	"github.com/nightlatch/nightlatch/handlers/hooks"
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/static"
)

// routes is the whole site, grouped by who may enter.
func (s *site) routes() {
	s.echo.Use(s.unlessChecked(s.web.AssignRequestID, s.web.CountRequests, s.web.LogRequests, s.web.Headers,
		s.web.RecoverPanics, s.web.TimeLimit, s.web.ReadZone))

	machines := group{echo: s.echo}.with(web.Quiet)
	machines.get(paths.Health, s.health)
	machines.get(paths.Ready, s.isReady)
	machines.get(paths.Static, echo.WrapHandler(static.Handler()))
	machines.get(paths.ChangePassword, func(c echo.Context) error { return c.Redirect(http.StatusFound, paths.Password) })
	machines.get(paths.Favicon, echo.WrapHandler(static.Plain("favicon.svg")))
	machines.get(paths.TouchIcon, echo.WrapHandler(static.Plain("apple-touch-icon.png")))
	machines.get(paths.OldTouchIcon, echo.WrapHandler(static.Plain("apple-touch-icon.png")))
	// An address that nobody knows looks the same to everybody, and speaks the visitor's language.
	s.anybody().unknown("")
	for _, mount := range s.optional {
		mount()
	}
	s.doorRoutes()
	s.issuerRoutes()
	s.loginRoutes()
	s.secondStepRoutes()
	s.settingsRoutes()
	s.usersRoutes()
	s.superuserRoutes()
	s.operatorRoutes()
}

// unlessChecked puts middlewares before every route but the checks, which are asked for each request to an application:
// they stand alone, and answer for themselves.
func (s *site) unlessChecked(all ...echo.MiddlewareFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		guarded := next
		for _, m := range slices.Backward(all) {
			guarded = m(guarded)
		}
		return func(c echo.Context) error {
			if paths.IsCheck(c.Path()) {
				return next(c)
			}
			return guarded(c)
		}
	}
}

// doorRoutes are the way into applications: for their proxies, on their hosts, and at the portal.
func (s *site) doorRoutes() {
	checks := group{echo: s.echo}.with(s.web.RecoverPanics)
	checks.get(paths.DoorAuthRequest, s.door.AuthRequest)
	checks.get(paths.DoorForwardAuth, s.door.ForwardAuth)
	hosts := s.browsers().with(s.door.OnHost, web.ReadForm)
	hosts.get(paths.HostStart, s.door.Start)
	hosts.get(paths.HostEnter, s.door.Enter)
	hosts.page(paths.HostSignOut, s.door.SignOutPage, s.door.SignOut)
	all := s.anybody()
	all.get(paths.DoorOpen, s.door.Open)
	all.get(paths.DoorLeft, s.door.Left)
	s.inside().get(paths.DoorVisit, s.door.Visit)
}

// browsers is what stands before every page: a small body, from no other origin.
func (s *site) browsers() group {
	return group{echo: s.echo}.with(s.web.WatchProxies, web.Vary, web.SmallBody(), s.web.RefuseCrossOrigin,
		web.KnownMethods)
}

// anybody is for everybody, with the form read and the session known, if there is one. A form that is sent twice has
// the effect of one, but for those that only ask.
func (s *site) anybody() group {
	return s.browsers().with(web.ReadForm, s.web.LoadSession,
		s.web.Once(paths.LinkStrength, paths.PasswordStrength, paths.OperatorPasswordStrength,
			paths.Session, paths.OperatorApplicationCheck))
}

// issuerRoutes are the OpenID Connect provider's: applications ask by themselves, without a cookie; browsers come to
// the authorization from an application's page, by a form of its own too.
func (s *site) issuerRoutes() {
	machines := group{echo: s.echo}.with(web.Quiet)
	machines.get(paths.SigningKeys, s.issuer.Keys)
	machines.get(paths.Discovery, s.issuer.Discovery)
	clients := group{echo: s.echo}.with(web.SmallBody())
	clients.post(paths.OAuthToken, s.issuer.Token)
	clients.post(paths.OAuthIntrospect, s.issuer.Introspect)
	clients.post(paths.OAuthRevoke, s.issuer.Revoke)
	clients.page(paths.OAuthUserinfo, s.issuer.UserInfo, s.issuer.UserInfo)
	from := group{echo: s.echo}.with(s.web.WatchProxies, web.Vary, web.SmallBody(), s.web.LoadSession)
	from.page(paths.OAuthAuthorize, s.issuer.Authorize, s.issuer.Authorize)
	from.with(web.ReadForm).page(paths.OAuthLogout, s.issuer.EndSession, s.issuer.EndSession)
	s.anybody().page(paths.OAuthContinue, s.issuer.Continue, s.issuer.Chosen)
	s.anybody().page(paths.OAuthLeave, s.issuer.Leave, s.issuer.LeaveNow)
}

func (s *site) loginRoutes() {
	all := s.anybody()
	all.get(paths.Start, s.login.Start)
	all.page(paths.Login, s.login.Page, s.login.Login)
	all.page(paths.LoginAlone, s.login.ToLogin, s.login.Alone)
	all.post(paths.SSO, s.login.SSOLogin)
	all.get(paths.SSOInitiate, s.login.SSOInitiate)
	all.get(paths.SSOGo, s.login.SSOGo)
	all.get(paths.SSOCallback, s.login.SSOCallback)
	all.page(paths.SSOLink, s.login.SSOLinkPage, s.login.LinkSSO)
	all.post(paths.Logout, s.login.Logout)
	all.post(paths.Session, s.web.Stay)
	all.with(web.Quiet).get(paths.Session, s.web.SessionLeft)
	all.post(paths.Language, s.login.SetLanguage)
	all.page(paths.Forgot, s.login.ForgotPage, s.login.Forgot)
	all.page(paths.Link, s.login.LinkPage, s.login.UseLink)
	all.post(paths.LinkAgain, s.login.LinkAgain)
	all.post(paths.LinkStrength, s.login.LinkStrength)
	// Asked at every key: it reads no session, and has no other effect.
	s.browsers().with(web.Quiet, web.ReadForm).post(paths.Country, s.factor.Country)
}

// demoRoutes are the demo phone and mailbox, everybody's in demo mode.
func (s *site) demoRoutes(d *demo.Screens) {
	polled := s.anybody().with(web.Quiet)
	polled.get(paths.DemoMailbox, d.Mailbox)
	polled.get(paths.DemoPhone, d.Phone)
}

// hookRoutes are the providers'. Some accounts are set to report by GET.
func (s *site) hookRoutes(h *hooks.Screens) {
	providers := group{echo: s.echo}.with(h.RequireToken, h.TakeTurn)
	providers.unknown(paths.Hooks)
	all, calls := h.Posters()
	for _, provider := range all {
		providers.page(paths.Hooks+"/"+provider, h.Receipt(provider), h.Receipt(provider))
	}
	for _, provider := range calls {
		providers.page(paths.Hooks+"/"+provider+"/:ref", h.KeyPressed(provider), h.KeyPressed(provider))
	}
}

// secondStepRoutes are a pending log-in's: its own second step and nothing else.
func (s *site) secondStepRoutes() {
	word := s.anybody().with(s.web.RequirePending)
	word.page(paths.LoginWord, s.factor.WordPage, s.factor.GiveWord)
	pending := word.with(s.web.RequireWord)
	pending.unknown(paths.Login)
	pending.get(paths.SecondStep, s.login.SecondStep)
	pending.page(paths.LoginMethod, s.login.MethodPage, s.login.ChooseMethod)
	pending.get(paths.LoginCheck, s.factor.CheckNumberPage)
	pending.page(paths.LoginNumber, s.login.NumberPage, s.login.EnrolNumber)
	pending.page(paths.LoginApp, s.login.AppPage, s.login.VerifyApp)
	pending.page(paths.LoginAppSetup, s.factor.SetupPage, s.factor.ConfirmApp)
	pending.page(paths.LoginRecovery, s.factor.RecoveryPage, s.factor.VerifyRecovery)
	pending.page(paths.LoginPasskey, s.factor.PasskeyPage, s.factor.VerifyPasskey)
	pending.page(paths.LoginPasskeyNew, s.factor.NewPasskeyPage, s.factor.ConfirmPasskey)
	pending.get(paths.LoginWays, s.factor.WaysPage)
	pending.page(paths.LoginHelp, s.login.HelpPage, s.login.AskForHelp)
	pending.behind(web.Quiet, s.web.FromMemory).get(paths.LoginHelpLine, s.login.HelpLine)
	pending.post(paths.LoginSend, s.factor.SendCode)
	pending.page(paths.LoginCode, s.factor.CodePage, s.factor.VerifyCode)
	pending.post(paths.LoginResend, s.factor.ResendCode)
	pending.behind(web.Quiet, s.web.FromMemory).get(paths.LoginMessage, s.factor.MessageLine)
}

// signedIn is for a user of an office who has proven all that it demands. Its requests keep no session alive.
func (s *site) signedIn() group { return s.anybody().with(s.web.RequireSignedIn, s.web.HandleStepUp) }

// asked is signedIn for the pages that a person asks for, whose password is as it must be.
func (s *site) asked() group { return s.signedIn().with(s.web.RequirePassword, s.web.Touch) }

// inside is asked for who has the passkey that they must have, if they must.
func (s *site) inside() group { return s.asked().with(s.web.RequirePasskey) }

// settingsRoutes are every user's own.
func (s *site) settingsRoutes() {
	in := s.inside()
	in.unknown(paths.Settings)
	in.get(paths.Applications, s.home.Page)
	in.get(paths.ApplicationOnly, s.home.Only)
	in.get(paths.ApplicationPicture, s.home.Picture)
	in.get(paths.Settings, s.account.ToSettings)
	in.get(paths.Me, s.account.SettingsPage)
	in.with(s.web.StepUp(session.StepUpOwn, "")).page(paths.MyNumber, s.account.NumberPage, s.account.ChangeNumber)
	in.with(s.web.StepUpAsked("")).page(paths.MyApp, s.factor.SetupPage, s.factor.ConfirmApp)
	in.get(paths.MyPasskeys, s.account.PasskeysPage)
	owed := s.asked() // what makes a passkey
	owed.with(s.web.StepUpAsked("")).page(paths.MyPasskeyNew, s.factor.NewPasskeyPage, s.factor.ConfirmPasskey)
	in.with(s.web.StepUpAsked(paths.MyPasskeys)).post(paths.MyPasskeyRemove, s.account.RemovePasskey)
	in.post(paths.MyPasskeyRename, s.account.RenamePasskey)
	owed.page(paths.MyWord, s.factor.WordPage, s.factor.GiveWord)
	owed.get(paths.RecoveryCodes, s.account.RecoverySheet)
	owed.get(paths.RecoveryFile, s.account.RecoverySheetFile)
	owed.post(paths.RecoveryKept, s.account.KeepRecoveryCodes)
	owed.post(paths.Notices, s.account.SeeMyNotices)
	in.get(paths.Office, s.office.ToGeneral)
	in.get(paths.OfficeGeneral, s.office.GeneralPage)
	in.get(paths.OfficeTwoFactor, s.office.TwoFactorPage)
	in.page(paths.Soon, s.login.SoonPage, s.login.Later)
	in.with(s.web.StepUpAsked(paths.Drill)).page(paths.Drill, s.login.DrillPage, s.login.TryCode)
	in.post(paths.DrillSkip, s.login.SkipDrill)

	asked := in.with(s.web.StepUpAsked(paths.Me))
	asked.post(paths.MyAppRemove, s.account.RemoveApp)
	asked.post(paths.RecoveryCodes, s.account.MakeRecoveryCodes)
	asked.post(paths.MySSOLink, s.account.LinkSSO)
	asked.post(paths.MySSOUnlink, s.account.UnlinkSSO)
	own := s.web.StepUp(session.StepUpOwn, paths.Me)
	in.with(s.account.RequireOwnSession, own).post(paths.SessionEnd, s.account.EndSession)
	in.post(paths.MyOnly, s.account.SetOnly)
	in.post(paths.MyTrustedEnd, s.account.EndTrusted)
	in.with(own).post(paths.MyApplicationEnd, s.account.EndApplication)
	in.with(own).post(paths.SessionEndOthers, s.account.EndOtherSessions)

	short := s.signedIn().with(s.web.Touch) // a password that is too short is changed here
	short.page(paths.Password, s.account.PasswordPage, s.account.ChangePassword)
	short.post(paths.PasswordStrength, s.account.PasswordStrength)

	in.unknown(paths.StepUp)
	owed.page(paths.StepUp, s.account.StepUpPage, s.account.StepUp)
	owed.page(paths.StepUpRecovery, s.factor.RecoveryPage, s.factor.VerifyRecovery)
	owed.page(paths.StepUpPasskey, s.factor.PasskeyPage, s.factor.VerifyPasskey)
	owed.get(paths.StepUpWays, s.factor.WaysPage)
	owed.post(paths.StepUpSend, s.factor.SendCode)
	owed.page(paths.StepUpCode, s.factor.CodePage, s.factor.VerifyCode)
	owed.with(s.web.StepUpAsked(paths.MyNumber)).post(paths.StepUpResend, s.factor.ResendCode)
	polled := s.signedIn().with(s.web.RequirePassword).behind(web.Quiet, s.web.FromMemory)
	polled.get(paths.StepUpMessage, s.factor.MessageLine)
}

// usersRoutes are superusers' and accountants'.
func (s *site) usersRoutes() {
	users := s.inside().with(s.web.RequireAccountant)
	users.get(paths.Users, s.users.Page)
	users.with(s.web.StepUp(session.StepUpOffice, "")).get(paths.UsersNumbers, s.users.NumbersPage)
	user := users.with(s.users.LoadUser)
	user.get(paths.User, s.users.UserPage)
	user.with(s.web.StepUp(session.StepUpOffice, paths.User)).post(paths.UserNumber, s.users.RegisterNumber)
	user.with(s.web.StepUp(session.StepUpOffice, paths.UsersNumbers)).post(paths.UserNumberListed,
		s.users.RegisterListed)
	user.post(paths.UserResetAsk, s.users.AskReset)
}

// superuserRoutes are superusers' alone: the office's settings, and its users.
func (s *site) superuserRoutes() {
	super := s.inside().with(s.web.RequireSuperuser)
	super.unknown(paths.Settings)
	super.post(paths.OfficeGeneral, s.office.Save)
	super.page(paths.OfficeSwitch, s.office.ShowSwitch, s.office.FlipSwitch)
	general := s.web.StepUp(session.StepUpOffice, paths.OfficeGeneral)
	super.with(general).post(paths.OfficeCountries, s.office.AllowCountry)
	super.with(general).post(paths.OfficeActivate, s.office.Activate)
	super.with(s.web.StepUpAsked("")).page(paths.OfficeSwitchOff, s.office.SwitchOffQuestion, s.office.SwitchOff)
	rollout := super.with(s.web.StepUp(session.StepUpOffice, paths.OfficeTwoFactor))
	rollout.post(paths.OfficeTrusted, s.office.SaveTrusted)
	rollout.post(paths.OfficeInvitations, s.office.SaveInvitations)
	rollout.post(paths.OfficeDate, s.office.SetDate)
	rollout.post(paths.OfficeDateRemove, s.office.RemoveDate)
	rollout.post(paths.OfficeWave, s.office.PutWave)
	rollout.post(paths.OfficeWaveRemove, s.office.RemoveWave)
	rollout.post(paths.OfficeBlackOut, s.office.AddBlackOut)
	rollout.post(paths.OfficeBlackOutRemove, s.office.RemoveBlackOut)
	rollout.post(paths.OfficeGrace, s.office.SetGrace)
	rollout.post(paths.OfficeExempt, s.office.Exempt)
	rollout.post(paths.OfficeExemptEnd, s.office.EndExemption)
	rollout.post(paths.OfficePasskeys, s.office.SetPasskeys)
	rollout.post(paths.OfficePasskeyAsk, s.office.DemandPasskeys)
	rollout.post(paths.OfficeRescue, s.office.SaveRescue)
	super.get(paths.OfficeRollout, s.office.RolloutPage)
	super.post(paths.OfficeRolloutRemind, s.office.RolloutRemind)
	chosen := super.with(s.web.StepUp(session.StepUpOffice, paths.OfficeRollout))
	chosen.post(paths.OfficeRolloutInvite, s.office.RolloutInvite)
	chosen.post(paths.OfficeRolloutExport, s.office.RolloutExport)
	super.get(paths.OfficeDrill, s.office.DrillPage)
	super.with(s.web.StepUp(session.StepUpOffice, paths.OfficeDrill)).post(paths.OfficeDrill, s.office.BeginDrill)
	super.post(paths.OfficeDrillEnd, s.office.EndDrill)
	super.get(paths.OfficeApplications, s.office.ApplicationsPage)
	super.get(paths.OfficeApplication, s.office.ApplicationPage)
	super.with(s.web.StepUp(session.StepUpOffice, paths.OfficeApplication)).post(paths.OfficeApplication,
		s.office.TightenApplication)
	super.get(paths.OfficeHistory, s.office.HistoryPage)
	super.with(s.web.StepUp(session.StepUpOffice, paths.OfficeHistory)).post(paths.OfficeHistoryFile,
		s.office.HistoryFile)
	super.get(paths.OfficeEvidence, s.office.EvidencePage)
	super.with(s.web.StepUp(session.StepUpOffice, paths.OfficeEvidence)).post(paths.OfficeEvidence,
		s.office.TakeEvidence)
	super.get(paths.OfficeSSO, s.office.SSOPage)
	super.post(paths.OfficeSSOTest, s.office.TestSSO)
	others := s.web.StepUp(session.StepUpOffice, paths.OfficeSSO)
	super.with(others).post(paths.OfficeSSO, s.office.SaveSSO)
	super.with(others).post(paths.OfficeSSORemove, s.office.RemoveSSO)

	super.unknown(paths.Users)
	stepUp := s.web.StepUp(session.StepUpOffice, "")
	super.with(stepUp).page(paths.UserNew, s.users.NewPage, s.users.Add)
	super.with(stepUp).get(paths.UsersImport, s.users.ImportPage)
	super.with(s.web.StepUp(session.StepUpOffice, paths.Users)).post(paths.UsersExport, s.users.Export)
	super.with(s.web.StepUp(session.StepUpOffice, paths.Users)).post(paths.UsersInvite, s.users.InviteAgain)
	super.page(paths.UsersEndSessions, s.users.EndAllQuestion, s.users.EndAllSessions)
	user := super.with(s.users.LoadUser)
	user.with(stepUp).page(paths.UserChange, s.users.ChangePage, s.users.Change)
	user.get(paths.UserDisable, s.users.DisableQuestion)
	user.with(stepUp).post(paths.UserDisable, s.users.Disable)
	user.with(s.web.StepUpAsked(paths.User)).post(paths.UserEnable, s.users.Enable)
	user.get(paths.UserDelete, s.users.DeleteQuestion)
	user.with(stepUp).post(paths.UserDelete, s.users.Delete)
	user.with(s.web.StepUp(session.StepUpOffice, paths.User)).post(paths.UserInvite, s.users.Invite)
	user.get(paths.UserReset, s.users.ResetQuestion)
	user.with(stepUp).post(paths.UserReset, s.users.Reset)
	user.post(paths.UserResetDecline, s.users.DeclineReset)
	user.with(stepUp).page(paths.UserHelp, s.users.HelpPage, s.users.AnswerHelp)
	user.post(paths.UserHelpRefuse, s.users.RefuseHelp)
	user.page(paths.UserEndSessions, s.users.EndSessionsQuestion, s.users.EndSessions)

	// A file is read behind the guards alone, since it is larger than all other forms.
	files := group{echo: s.echo}.with(web.Vary, s.web.RefuseCrossOrigin, s.web.LoadSession, s.web.RequireSignedIn,
		s.web.HandleStepUp, s.web.RequirePassword, s.web.Touch, s.web.RequirePasskey, s.web.RequireSuperuser,
		web.FileBody(), web.ReadForm, s.web.Once())
	imports := files.with(s.web.StepUp(session.StepUpOffice, paths.UsersImport))
	imports.post(paths.UsersImport, s.users.PreviewImport)
	imports.post(paths.UsersImportDo, s.users.Import)
	files.with(s.web.StepUp(session.StepUpOffice, paths.OfficeTwoFactor)).post(paths.OfficeBlackOutImport,
		s.office.ImportBlackOuts)
}

// operatorRoutes are the operators'. Their log-in is everybody's, its second step a pending log-in's.
func (s *site) operatorRoutes() {
	s.anybody().unknown(paths.OperatorLogin)
	s.anybody().page(paths.OperatorLogin, s.operator.LoginPage, s.operator.Login)
	pending := s.anybody().with(s.web.RequirePendingOperator)
	pending.unknown(paths.OperatorCode)
	pending.page(paths.OperatorCode, s.operator.CodePage, s.operator.VerifyCode)

	polled := s.anybody().with(s.web.RequireOperator) // keeps no session alive
	ops := polled.with(s.web.Touch)
	ops.unknown(paths.Operator)
	ops.get(paths.Operator, s.operator.OverviewPage)
	polled.with(web.Quiet).get(paths.OperatorLive, s.operator.OverviewLive)
	ops.post(paths.OperatorPrefixRelease, s.operator.ReleasePrefix)
	ops.get(paths.OperatorWaiting, s.operator.WaitingPage)
	polled.with(web.Quiet).get(paths.OperatorWaitingLive, s.operator.WaitingLive)
	polled.with(web.Quiet).get(paths.OperatorWaitingNow, s.operator.WaitingNow)
	ops.post(paths.OperatorChallengeEnd, s.operator.EndChallenge)
	ops.post(paths.OperatorChallengeSend, s.operator.SendAnew)
	ops.page(paths.OperatorOffices, s.operator.OfficesPage, s.operator.CreateOffice)
	ops.page(paths.OperatorOffice, s.operator.OfficePage, s.operator.CapOffice)
	ops.post(paths.OperatorOfficeFirst, s.operator.AddFirst)
	ops.get(paths.OperatorCosts, s.operator.CostsFile)
	ops.post(paths.OperatorCap, s.operator.CapInstallation)
	ops.get(paths.OperatorApplications, s.operator.ApplicationsPage)
	ops.page(paths.OperatorApplicationNew, s.operator.NewApplicationPage, s.operator.RegisterApplication)
	ops.get(paths.OperatorApplication, s.operator.ApplicationPage)
	ops.page(paths.OperatorApplicationChange, s.operator.ChangeApplicationPage, s.operator.ChangeApplication)
	ops.post(paths.OperatorApplicationEnable, s.operator.EnableApplication)
	ops.post(paths.OperatorApplicationDisable, s.operator.DisableApplication)
	ops.post(paths.OperatorApplicationCheck, s.operator.CheckApplication)
	ops.post(paths.OperatorApplicationRemove, s.operator.RemoveApplication)
	ops.post(paths.OperatorApplicationSecret, s.operator.MakeSecret)
	ops.get(paths.OperatorApplicationPicture, s.operator.Picture)
	ops.post(paths.OperatorApplicationPictureRemove, s.operator.RemovePicture)
	ops.get(paths.OperatorJobUser, s.operator.JobUser)
	ops.get(paths.OperatorMe, s.operator.MePage)
	ops.page(paths.OperatorPassword, s.operator.PasswordPage, s.operator.ChangePassword)
	ops.post(paths.OperatorPasswordStrength, s.operator.PasswordStrength)
	ops.page(paths.OperatorApp, s.operator.AppPage, s.operator.ProveForApp)
	ops.page(paths.OperatorAppSetup, s.operator.AppSetupPage, s.operator.ConfirmApp)
	ops.post(paths.OperatorSessionEnd, s.operator.EndSession)
	ops.post(paths.OperatorSessionEndOthers, s.operator.EndOtherSessions)
	ops.get(paths.OperatorHistory, s.operator.HistoryPage)
	ops.post(paths.OperatorHistoryFile, s.operator.HistoryFile)
	ops.post(paths.OperatorNotices, s.operator.SeeMyNotices)

	// A file is read behind the guards alone, since it is larger than all other forms.
	files := group{echo: s.echo}.with(web.Vary, s.web.RefuseCrossOrigin, s.web.LoadSession, s.web.RequireOperator,
		s.web.Touch, web.FileBody(), web.ReadForm, s.web.Once())
	files.post(paths.OperatorApplicationPicture, s.operator.GivePicture)

	// River UI posts JSON, which is no form.
	queue := s.browsers().with(s.web.LoadSession, s.web.RequireOperator, s.operator.TouchUnlessPolled)
	queue.all(paths.OperatorJobs, s.operator.Jobs)
	queue.all(paths.OperatorJobs+"/*", s.operator.Jobs)
}

func (s *site) health(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

func (s *site) isReady(c echo.Context) error {
	if err := s.ready(c.Request().Context()); err != nil {
		s.web.Logger.WarnContext(c.Request().Context(), "not ready", "error", err)
		return c.String(http.StatusServiceUnavailable, "not ready\n")
	}
	return c.String(http.StatusOK, "ready\n")
}
