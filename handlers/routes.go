package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/static"
)

// routes is the whole site, grouped by who may enter.
func (s *Site) routes(e *echo.Echo) {
	e.Pre(s.requestID)
	e.Use(s.countRequests, s.logRequests, s.headers, s.recoverPanics, s.timeLimit, middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{Skipper: takesFile, Limit: "64K"}), s.refuseCrossOrigin, knownMethods, readForm)

	// Everybody.
	e.GET("/healthz", s.health)
	e.GET("/readyz", s.ready)
	e.GET("/static/*", echo.WrapHandler(static.Handler()))
	any := e.Group("", s.loadSession)
	any.GET("/", s.start)
	any.GET("/login", s.loginPage)
	any.POST("/login", s.login)
	any.POST("/login/sso", s.ssoLogin)
	any.GET("/login/sso/go", s.ssoGo)
	any.GET("/login/sso/callback", s.ssoCallback)
	any.GET("/login/sso/link", s.ssoLinkPage)
	any.POST("/login/sso/link", s.ssoLink)
	any.POST("/logout", s.logout)
	any.POST("/language", s.setLanguage)
	any.GET("/login/forgot", s.forgotPage)
	any.POST("/login/forgot", s.forgot)
	any.GET("/link/:token", s.linkPage)
	any.POST("/link/:token", s.useLink)
	any.POST("/link/strength", s.linkStrength)
	if s.Mailbox != nil {
		any.GET("/demo/mailbox", s.mailbox)
	}
	if s.Phone != nil {
		any.GET("/demo/phone", s.phone)
	}
	// An unknown address looks the same to everybody, and knows the visitor's language.
	any.RouteNotFound("/*", func(echo.Context) error { return echo.ErrNotFound })

	// Providers.
	s.hookRoutes(e)

	// A half-finished log-in: its own second step and nothing else.
	pending := e.Group("/login", s.loadSession, s.needPending)
	pending.GET("/second-step", s.secondStep)
	pending.GET("/method", s.methodPage)
	pending.POST("/method", s.chooseMethod)
	pending.GET("/check", s.checkNumberPage)
	pending.GET("/number", s.enrolNumberPage)
	pending.POST("/number", s.enrolNumber)
	pending.POST("/country", s.country)
	pending.GET("/app", s.appPage)
	pending.POST("/app", s.verifyApp)
	pending.GET("/app/setup", s.setupPage)
	pending.POST("/app/setup", s.confirmApp)
	pending.GET("/recovery", s.recoveryPage)
	pending.POST("/recovery", s.verifyRecovery)
	pending.GET("/ways", s.waysPage)
	s.codeRoutes(pending)

	// A user who is in.
	in := e.Group("/settings", s.loadSession, s.needSignedIn)
	in.GET("", s.toMe)
	in.GET("/me", s.mePage)
	in.GET("/me/number", s.changeNumberPage)
	in.POST("/me/number", s.changeNumber)
	in.POST("/country", s.country)
	in.GET("/me/app", s.setupPage)
	in.POST("/me/app", s.confirmApp)
	in.POST("/me/app/remove", s.removeApp)
	in.POST("/me/recovery-codes", s.makeRecoveryCodes)
	in.GET("/me/recovery-codes", s.recoverySheet)
	in.GET("/me/recovery-codes.txt", s.recoverySheetFile)
	in.POST("/me/recovery-codes/kept", s.keepRecoveryCodes)
	in.GET("/me/password", s.passwordPage)
	in.POST("/me/password", s.changePassword)
	in.POST("/me/password/strength", s.myStrength)
	in.POST("/me/sessions/:id/end", s.endSession)
	in.POST("/me/sessions/end-others", s.endOtherSessions)
	in.POST("/me/sso/link", s.linkMySSO)
	in.POST("/me/sso/unlink", s.unlinkMySSO)
	in.POST("/notices", s.seeNotices)
	in.GET("/confirm", s.confirmPage)
	in.POST("/confirm", s.confirm)
	in.GET("/confirm/recovery", s.recoveryPage)
	in.POST("/confirm/recovery", s.verifyRecovery)
	in.GET("/confirm/ways", s.waysPage)
	s.codeRoutes(in.Group("/confirm"))
	in.GET("/office", s.toOffice)
	in.GET("/office/general", s.officePage)

	// Superusers and accountants.
	users := in.Group("/users", s.needRole(account.RoleAccountant))
	users.GET("", s.usersPage)
	users.GET("/:id", s.userPage)
	users.POST("/:id/number", s.registerNumber)
	users.POST("/:id/reset/ask", s.askReset)

	// Superusers alone.
	super := in.Group("", s.needRole(account.RoleSuperuser))
	super.GET("/users/:id/reset", s.resetQuestion)
	super.POST("/users/:id/reset", s.resetUser)
	super.POST("/office/general", s.saveOffice)
	super.GET("/office/general/switch", s.showSwitch)
	super.POST("/office/general/switch", s.flipSwitch)
	super.POST("/office/countries", s.allowCountry)
	super.POST("/office/general/activate", s.activate)
	super.GET("/office/general/switch-off", s.switchOffQuestion)
	super.POST("/office/general/switch-off", s.switchOff)
	super.GET("/office/history", s.historyPage)
	super.GET("/office/sign-in", s.signInPage)
	super.POST("/office/sign-in", s.saveSignIn)
	super.POST("/office/sign-in/test", s.testSignIn)
	super.POST("/office/sign-in/remove", s.removeSignIn)

	// Operators. Their log-in is everybody's, its second step a half-finished log-in's.
	door := e.Group(pathOperatorLogin, s.loadSession)
	door.GET("", s.operatorLoginPage)
	door.POST("", s.operatorLogin)
	half := e.Group(pathOperatorCode, s.loadSession, s.needPendingOperator)
	half.GET("", s.operatorCodePage)
	half.POST("", s.verifyOperator)
	ops := e.Group(pathOperator, s.loadSession, s.needOperator)
	ops.GET("", s.overviewPage)
	ops.POST("/prefixes/release", s.releasePrefix)
	ops.GET("/waiting", s.waitingPage)
	ops.GET("/waiting/live", s.waitingLive)
	ops.POST("/waiting/:id/end", s.endChallenge)
	ops.POST("/waiting/:id/send", s.sendAnew)
	ops.GET("/offices", s.officesPage)
	ops.POST("/offices", s.createOffice)
	ops.GET("/offices/:id", s.officeCapPage)
	ops.POST("/offices/:id", s.capOffice)
	ops.GET("/costs.csv", s.costsFile)
	ops.POST("/cap", s.capInstallation)
	ops.GET("/history", s.operatorHistory)
	ops.POST("/notices", s.seeOperatorNotices)
	ops.Any("/jobs", s.jobs)
	ops.Any("/jobs/*", s.jobs)
	s.peopleRoutes(super.Group("/users"))
}

// peopleRoutes are a superuser's work on the office's users.
func (s *Site) peopleRoutes(g *echo.Group) {
	g.GET("/new", s.newUserPage)
	g.POST("/new", s.addUser)
	g.POST("/export", s.exportUsers)
	g.GET("/import", s.importPage)
	g.POST("/import", s.previewImport, fileLimit, readBody)
	g.POST("/import/do", s.importUsers, fileLimit, readBody)
	g.GET("/end-sessions", s.endAllQuestion)
	g.POST("/end-sessions", s.endAllSessions)
	g.GET("/:id/change", s.changeUserPage)
	g.POST("/:id/change", s.changeUser)
	g.GET("/:id/disable", s.disableQuestion)
	g.POST("/:id/disable", s.disableUser)
	g.POST("/:id/enable", s.enableUser)
	g.GET("/:id/delete", s.deleteQuestion)
	g.POST("/:id/delete", s.deleteUser)
	g.POST("/:id/invite", s.inviteUser)
	g.POST("/:id/reset/decline", s.declineReset)
	g.GET("/:id/end-sessions", s.endSessionsQuestion)
	g.POST("/:id/end-sessions", s.endSessionsOfUser)
}

// codeRoutes are the page of a text message's code, at the log-in and in settings alike.
func (s *Site) codeRoutes(g *echo.Group) {
	g.POST("/send", s.sendCode)
	g.GET("/code", s.codePage)
	g.POST("/code", s.verifyCode)
	g.POST("/resend", s.resendCode)
	g.GET("/message", s.messageLine)
}

func (s *Site) health(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

func (s *Site) ready(c echo.Context) error {
	if err := s.Ready(c.Request().Context()); err != nil {
		s.logger.WarnContext(c.Request().Context(), "not ready", "error", err)
		return c.String(http.StatusServiceUnavailable, "not ready\n")
	}
	return c.String(http.StatusOK, "ready\n")
}
