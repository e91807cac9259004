package operator

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// WaitingPage is "why is this user waiting?": who waits now, whom a search finds, or, with an office and a username, a
// user's story. That look alone is written in the history.
func (s *Screens) WaitingPage(c echo.Context) error {
	office, username := c.QueryParam("office"), c.QueryParam("username")
	if typed := c.QueryParam("q"); office == "" && username == "" && strings.TrimSpace(typed) != "" {
		return s.showHits(c, typed)
	}
	return s.showWaiting(c, office, username, "", nil)
}

func (s *Screens) showWaiting(c echo.Context, office, username, problem string, question *templates.Question) error {
	view := pages.WaitingView{Error: problem, Question: question}
	if office != "" || username != "" {
		h, err := s.operator.Search(c.Request().Context(), s.by(c), office, username)
		switch {
		case errors.Is(err, operator.ErrUnknown):
			view.Error = s.T(c, "waiting.unknown")
		case err != nil:
			return err
		default:
			view.Found = s.waitingUser(c, h)
		}
	}
	if view.Found == nil {
		now, err := s.waitingNow(c)
		if err != nil {
			return err
		}
		view.WaitingNow = &now
	}
	return s.waitingPage(c, view)
}

func (s *Screens) waitingPage(c echo.Context, view pages.WaitingView) error {
	return web.Page(c, web.StatusFor(view.Error), pages.Waiting,
		s.layout(c, s.T(c, "waiting.title"), paths.OperatorWaiting, templates.SectionWaiting), view)
}

// WaitingLive is the story alone, for a page that shows itself again. It notes nothing and keeps no
// session alive: nobody need be looking.
func (s *Screens) WaitingLive(c echo.Context) error {
	h, err := s.operator.Look(c.Request().Context(), c.QueryParam("office"), c.QueryParam("username"))
	if errors.Is(err, operator.ErrUnknown) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	return web.Fragment(c, http.StatusOK, pages.WaitingLive, s.Lang(c), s.waitingTimeline(c, h))
}

func (s *Screens) waitingUser(c echo.Context, h operator.History) *pages.WaitingUser {
	u := h.User
	number := ""
	if on := u.Factors.Number(); on != nil {
		number = on.E164 // masked
	}
	return &pages.WaitingUser{
		Name: u.Name, Username: u.Username, Office: u.OfficeName, OfficeCode: u.Office, TwoFactor: u.TwoFactor,
		Number: number, Confirmed: u.Factors.Has(factor.SMS), App: u.Factors.Has(factor.App),
		Passkeys: u.Factors.Of(factor.Passkey).Amount,
		Timeline: s.waitingTimeline(c, h),
	}
}

func (s *Screens) waitingTimeline(c echo.Context, h operator.History) pages.WaitingTimeline {
	timeline := pages.WaitingTimeline{
		URL: searchPath(paths.OperatorWaitingLive, h.User.Office, h.User.Username), Poll: h.Live(),
	}
	for _, sentence := range operator.Why(h) {
		timeline.Diagnosis = append(timeline.Diagnosis, s.sentence(c, sentence))
	}
	tones := map[pages.LoginState]pages.Tone{
		pages.LoginWaiting: pages.ToneWarn, pages.LoginDone: pages.ToneOK,
	}
	for _, ch := range operator.Story(h) {
		state := pages.LoginState(ch.State)
		login := pages.WaitingLogin{
			At: ch.BeganAt, State: state, Tone: tones[state], Live: ch.Live, Last: ch.Last,
		}
		for _, e := range ch.Entries {
			login.Entries = append(login.Entries, pages.WaitingEntry{
				Kind: e.Kind, State: templates.StepState(e.State), Text: s.sentence(c, e.Text),
				Note: s.sentence(c, e.Note), Raw: e.Raw, At: e.At, Now: e.Now,
			})
		}
		timeline.Logins = append(timeline.Logins, login)
	}
	return timeline
}

func searchPath(path, office, username string) string {
	return path + "?" + url.Values{"office": {office}, "username": {username}}.Encode()
}

// EndChallenge asks, and then makes a live code useless.
func (s *Screens) EndChallenge(c echo.Context) error {
	return s.askThenAct(c, "end", func(id int64) (string, error) {
		err := s.operator.EndChallenge(c.Request().Context(), s.by(c), id)
		if errors.Is(err, operator.ErrOver) {
			return s.T(c, "waiting.end_over"), nil
		}
		return "", err
	})
}

// SendAnew asks, and then has a new code sent in the same log-in.
func (s *Screens) SendAnew(c echo.Context) error {
	return s.askThenAct(c, "send", func(id int64) (string, error) {
		err := s.operator.ResendNew(c.Request().Context(), s.by(c), id)
		var limited *twofactor.Limited
		var wait *twofactor.Wait
		if errors.As(err, &limited) || errors.As(err, &wait) {
			// Which limit it was is in the story by now: the second step wrote it down.
			return s.T(c, "waiting.send_limited"), nil
		}
		if errors.Is(err, operator.ErrOver) || errors.Is(err, twofactor.ErrOver) ||
			errors.Is(err, twofactor.ErrNotAllowed) || errors.Is(err, twofactor.ErrHasFactor) {
			return s.T(c, "waiting.send_over"), nil
		}
		return "", err
	})
}

// askThenAct is what End and Send have in common: a question first, the act when the answer is yes, and a page
// that says what came of it.
func (s *Screens) askThenAct(c echo.Context, what string, do func(id int64) (problem string, err error)) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	owner, err := s.operator.OwnerOf(c.Request().Context(), id)
	if errors.Is(err, operator.ErrUnknown) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	if c.FormValue("sure") != "yes" {
		question := templates.Question{
			Action: c.Request().URL.Path, Title: s.T(c, "waiting."+what+"_title"), Yes: s.T(c, "waiting."+what+"_yes"),
			Harmless: what != "end",
			Text:     s.T(c, "waiting."+what+"_text", "User", owner.Username, "Office", owner.Office),
		}
		if web.WantsFragment(c.Request()) {
			return web.Fragment(c, http.StatusOK, templates.QuestionDialog, s.Lang(c), question)
		}
		question.Back = searchPath(paths.OperatorWaiting, owner.Office, owner.Username)
		return s.showWaiting(c, owner.Office, owner.Username, "", &question)
	}
	problem, err := do(id)
	if err != nil {
		return err
	}
	if problem != "" {
		return s.showWaiting(c, owner.Office, owner.Username, problem, nil)
	}
	done := map[string]string{"end": "challenge_ended", "send": "sent_anew"}[what]
	return s.Tell(c, searchPath(paths.OperatorWaiting, owner.Office, owner.Username), done)
}
