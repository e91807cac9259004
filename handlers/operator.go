package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

const (
	pathOperator      = "/operator"
	pathOperatorLogin = "/operator/login"
	pathOperatorCode  = "/operator/login/code"
)

// needOperator lets operators through who have proven both factors. A user of an office learns no more
// here than at an address that does not exist.
func (s *Site) needOperator(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		sess, ok := sessionOf(c)
		switch {
		case !ok:
			return s.toOperatorLogin(c)
		case !sess.User.IsOperator():
			return echo.ErrNotFound
		case sess.Pending():
			return s.redirect(c, pathOperatorCode)
		}
		// The page of the queue and the story of a user ask every two seconds; that must not keep a session
		// alive that nobody uses.
		if !isJobsPoll(c.Request()) && !strings.HasSuffix(c.Path(), "/live") {
			if err := s.Sessions.Touch(c.Request().Context(), sess); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// needPendingOperator lets an operator's half-finished log-in through.
func (s *Site) needPendingOperator(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		sess, ok := sessionOf(c)
		switch {
		case !ok:
			return s.toOperatorLogin(c)
		case !sess.User.IsOperator():
			return echo.ErrNotFound
		case !sess.Pending():
			return s.redirect(c, pathOperator)
		}
		return next(c)
	}
}

func (s *Site) toOperatorLogin(c echo.Context) error {
	if s.cookie(c, cookieSession) != "" {
		return s.redirect(c, pathOperatorLogin+"?why=over")
	}
	return s.redirect(c, pathOperatorLogin)
}

// operatorFrame is what stands around an operator's page. nav is the current entry: overview, waiting,
// jobs, offices or history.
func (s *Site) operatorFrame(c echo.Context, title, path string, section templates.Section) templates.Layout {
	sess := must(c)
	f := s.frame(c, title, path)
	f.Section, f.User = section, &templates.CurrentUser{Name: sess.User.Username, Role: string(sess.User.Role)}
	if done := c.QueryParam("done"); slices.Contains(toasts, done) {
		f.Toast = s.t(c, "done."+done)
	}
	told, err := s.Factors.Notices(c.Request().Context(), sess.User.ID)
	if err != nil {
		// The page is worth more than the notice, which stays unseen until the next one.
		s.logger.ErrorContext(c.Request().Context(), "read notices", "request", requestOf(c), "error", err)
	}
	for _, n := range told {
		text := s.t(c, "notice."+string(n.Kind))
		if n.Kind == twofactor.NoticeGuessed {
			text = s.t(c, "operator.guessed") // an operator's password is changed by making them anew
		}
		f.Notices = append(f.Notices, templates.Notice{ID: n.ID, Text: text, At: n.At})
	}
	return f
}

// operatorLoginPage is everybody's: an operator who signs in replaces whatever session the browser had.
func (s *Site) operatorLoginPage(c echo.Context) error {
	if sess, ok := sessionOf(c); ok && sess.User.IsOperator() {
		return s.redirect(c, pathOperator)
	}
	s.knowBrowser(c)
	view := templates.OperatorLoginView{}
	switch c.QueryParam("why") {
	case "over":
		view.Notice = s.t(c, "login.over")
	case "exhausted":
		view.Error = s.t(c, "login.exhausted")
	case "out":
		view.Notice = s.t(c, "login.logged_out")
	}
	return s.showOperatorLogin(c, http.StatusOK, view)
}

func (s *Site) showOperatorLogin(c echo.Context, status int, view templates.OperatorLoginView) error {
	return page(c, status, templates.OperatorLogin, s.frame(c, s.t(c, "operator.login_title"), pathOperatorLogin), view)
}

// operatorLogin takes all three at once. Whether the code is right shows only to who has the password.
func (s *Site) operatorLogin(c echo.Context) error {
	ctx := c.Request().Context()
	view := templates.OperatorLoginView{Username: strings.TrimSpace(c.FormValue("username"))}
	password, code := c.FormValue("password"), c.FormValue("code")
	if view.Username == "" || password == "" {
		view.Error = s.t(c, "operator.missing")
		return s.showOperatorLogin(c, http.StatusUnprocessableEntity, view)
	}
	client := s.signingInClient(c)
	user, err := s.Accounts.SignInOperator(ctx, account.Attempt{Username: view.Username, Password: password, Browser: client.Browser, Address: client.Address})
	if err != nil {
		problem, status, err := s.signInProblem(c, err, s.t(c, "operator.wrong"))
		if err != nil {
			return err
		}
		view.Error = problem
		return s.showOperatorLogin(c, status, view)
	}
	token, err := s.Factors.BeginOperator(ctx, user, client)
	if err != nil {
		return err
	}
	if err := s.endPrevious(c, client); err != nil {
		return err
	}
	to := pathOperatorCode
	if strings.TrimSpace(code) != "" {
		if token, to, err = s.proveAtOnce(c, token, client, code); err != nil {
			return err
		}
	}
	s.setSession(c, token)
	return s.redirect(c, to)
}

// proveAtOnce tries the code that came with the password, and answers the session's token after that and
// where it leads. A password must not stand in a page that can be loaded again, so that a wrong code is
// told on the next one.
func (s *Site) proveAtOnce(c echo.Context, token session.Token, client session.Client, code string) (session.Token, string, error) {
	ctx := c.Request().Context()
	sess, err := s.Sessions.Load(ctx, token)
	if err != nil {
		return token, "", err
	}
	proven, err := s.Factors.VerifyApp(ctx, sess, client, code)
	if err == nil {
		return proven.Token, pathOperator, nil
	}
	_, to, err := s.operatorProblem(c, err)
	if to == "" {
		to = pathOperatorCode + "?why=wrong"
	}
	return token, to, err
}

// operatorCodePage asks for the app's code alone.
func (s *Site) operatorCodePage(c echo.Context) error {
	err := s.Factors.MayProve(c.Request().Context(), must(c))
	problem := ""
	if err != nil {
		if problem, _, err = s.operatorProblem(c, err); err != nil {
			return err
		}
	} else if c.QueryParam("why") == "wrong" {
		problem = s.t(c, "operator.wrong_code")
	}
	return s.showOperatorCode(c, http.StatusOK, problem)
}

func (s *Site) showOperatorCode(c echo.Context, status int, problem string) error {
	view := templates.ProveView{
		Heading: s.t(c, "app.title"), Lead: s.t(c, "app.lead", "Product", s.product), Label: s.t(c, "code.label"), Input: templates.InputCode,
		Action: pathOperatorCode, Error: problem, SendURL: "/logout", Send: s.t(c, "way.log_out"),
	}
	if problem != "" {
		view.Hint = s.t(c, "app.wrong_step")
	}
	return page(c, status, templates.Prove, s.frame(c, view.Heading, pathOperatorCode), view)
}

func (s *Site) verifyOperator(c echo.Context) error {
	proven, err := s.Factors.VerifyApp(c.Request().Context(), must(c), s.client(c), c.FormValue("code"))
	if err == nil {
		s.setSession(c, proven.Token)
		return s.redirect(c, pathOperator)
	}
	problem, to, err := s.operatorProblem(c, err)
	switch {
	case err != nil:
		return err
	case to != "":
		return s.redirect(c, to)
	}
	return s.showOperatorCode(c, http.StatusUnprocessableEntity, problem)
}

// operatorProblem is the sentence for a code that was not right, or where the end of the log-in leads.
func (s *Site) operatorProblem(c echo.Context, err error) (problem, to string, _ error) {
	var wrong *twofactor.Wrong
	var wait *twofactor.Wait
	switch {
	case errors.Is(err, twofactor.ErrNotACode):
		return s.t(c, "operator.not_a_code"), "", nil
	case errors.As(err, &wrong) && wrong.Left == 0:
		return "", pathOperatorLogin + "?why=exhausted", nil
	case errors.As(err, &wrong):
		return s.n(c, "code.wrong", wrong.Left), "", nil
	case errors.As(err, &wait) && wait.Until.IsZero():
		return s.t(c, "operator.disabled"), "", nil
	case errors.As(err, &wait):
		return s.waitText(c, wait), "", nil
	case errors.Is(err, twofactor.ErrOver):
		return "", pathOperatorLogin + "?why=over", nil
	}
	return "", "", err
}

// operatorHistory is what happened in no office: see audit.Installation.
func (s *Site) operatorHistory(c echo.Context) error {
	before, err := historyBefore(c)
	if err != nil {
		return err
	}
	entries, more, err := s.Installation.List(c.Request().Context(), before)
	if err != nil {
		return err
	}
	view := templates.HistoryView{Events: s.historyRows(c, entries), Paged: before > 0}
	if more {
		view.Older = entries[len(entries)-1].ID
	}
	f := s.operatorFrame(c, s.t(c, "operator.history"), "/operator/history", templates.SectionHistory)
	return page(c, http.StatusOK, templates.OperatorHistory, f, view)
}

func (s *Site) seeOperatorNotices(c echo.Context) error { return s.noticesSeen(c, pathOperator) }
