package office

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

func (s *Screens) ToGeneral(c echo.Context) error { return s.Redirect(c, paths.OfficeGeneral) }

// GeneralPage is Settings > Office > General.
func (s *Screens) GeneralPage(c echo.Context) error {
	card, err := s.switchNow(c)
	if err != nil {
		return err
	}
	return s.showOffice(c, card, nil)
}

// switchNow is the card with the switch showing what is in force.
func (s *Screens) switchNow(c echo.Context) (pages.TwoFactorSwitch, error) {
	card, err := s.switchOf(c, false)
	card.Shown = card.Active
	return card, err
}

// switchOf is the card with the switch showing a draft. What is in force is the office's: of some of its users a second
// factor may be demanded earlier, or not yet.
func (s *Screens) switchOf(c echo.Context, shown bool) (pages.TwoFactorSwitch, error) {
	sess := web.CurrentSession(c)
	set, err := s.offices.Rollout(c.Request().Context(), sess.User.OfficeID)
	return pages.TwoFactorSwitch{Active: set.Active, Shown: shown, From: set.Coming(),
		MayChange: sess.User.Role.ManagesOffice()}, err
}

func (s *Screens) showOffice(c echo.Context, card pages.TwoFactorSwitch, question *templates.Question) error {
	return s.showOfficeWith(c, card, question, "")
}

// showOfficeWith shows the page, with what was wrong with a country.
func (s *Screens) showOfficeWith(c echo.Context, card pages.TwoFactorSwitch, question *templates.Question,
	problem string,
) error {
	f, err := s.AppLayout(c, s.T(c, "office.title"), paths.OfficeGeneral, templates.SectionOffice)
	if err != nil {
		return err
	}
	countries, err := s.countriesOf(c, problem)
	if err != nil {
		return err
	}
	view := pages.View{Switch: card, Countries: countries, Question: question}
	return web.Page(c, web.StatusOf(view), pages.Office, f, view)
}

// ShowSwitch shows what is in force: what the card falls back to when the question closes.
func (s *Screens) ShowSwitch(c echo.Context) error {
	if !web.WantsFragment(c.Request()) {
		return s.Redirect(c, paths.OfficeGeneral)
	}
	card, err := s.switchNow(c)
	if err != nil {
		return err
	}
	return web.Fragment(c, http.StatusOK, pages.OfficeSwitch, s.Lang(c), card)
}

// FlipSwitch turns the draft. Nothing is saved.
func (s *Screens) FlipSwitch(c echo.Context) error {
	card, err := s.switchOf(c, c.FormValue("shown") != "yes")
	if err != nil {
		return err
	}
	if web.WantsFragment(c.Request()) {
		return web.Fragment(c, http.StatusOK, pages.OfficeSwitch, s.Lang(c), card)
	}
	return s.showOffice(c, card, nil)
}

// Save asks before the draft is put in force.
func (s *Screens) Save(c echo.Context) error {
	card, err := s.switchOf(c, c.FormValue("shown") == "yes")
	if err != nil {
		return err
	}
	if !card.Draft() {
		card.Unchanged = true
		if web.WantsFragment(c.Request()) {
			c.Response().Header().Set("HX-Retarget", "#two-factor")
			c.Response().Header().Set("HX-Reswap", "outerHTML")
			return web.Fragment(c, http.StatusOK, pages.OfficeSwitch, s.Lang(c), card)
		}
		return s.showOffice(c, card, nil)
	}
	if !card.From.IsZero() {
		return s.Redirect(c, paths.OfficeTwoFactor) // people were told a date, which is moved or removed there
	}
	return s.ask(c, card, "")
}

// ask asks before the draft is put in force, with what is wrong with the date that was typed.
func (s *Screens) ask(c echo.Context, card pages.TwoFactorSwitch, problem string) error {
	question, err := s.switchQuestion(c, card.Shown, problem)
	if err != nil {
		return err
	}
	if web.WantsFragment(c.Request()) {
		return web.Fragment(c, http.StatusOK, templates.QuestionDialog, s.Lang(c), question)
	}
	question.Back = paths.OfficeGeneral
	return s.showOffice(c, card, &question)
}

// switchQuestion is asked before the setting is changed: with counts before it is activated.
func (s *Screens) switchQuestion(c echo.Context, activate bool, problem string) (templates.Question, error) {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	if !activate {
		return templates.Question{
			Title: s.T(c, "modal.off_title"), Text: s.T(c, "modal.off_text", "Office", sess.OfficeName),
			More: s.T(c, "modal.off_fresh"), Action: paths.OfficeSwitchOff, Yes: s.T(c, "modal.off_yes"), Switch: true,
		}, nil
	}
	p, err := s.offices.Preflight(ctx, sess.User.OfficeID)
	if err != nil {
		return templates.Question{}, err
	}
	methods := sess.Factors
	sending := templates.Note{Icon: "message-square-text", Text: s.T(c, sendingText(p.Sending, s.Demo))}
	if !p.Sending.Works() {
		sending.Icon, sending.Warning = "triangle-alert", true
	}
	notes := []templates.Note{sending}
	if p.SSO > 0 {
		id := "modal.sso_" + p.SSOPolicy // refuse, trust or ask
		notes = append(notes, templates.Note{Icon: "key-round", Text: s.N(c, id, p.SSO), URL: listAt(rollout.BySSO),
			Warning: p.SSOPolicy == "refuse"})
	}
	swept, err := s.sweepText(c)
	if err != nil {
		return templates.Question{}, err
	}
	if swept != "" {
		notes = append(notes, templates.Note{Icon: "log-out", Text: swept})
	}
	if !methods.HasFactor() {
		notes = append(notes, templates.Note{Icon: "info", Text: s.T(c, "modal.you_too")})
	}
	return templates.Question{
		When:  s.whenOf(c, problem),
		Title: s.T(c, "modal.activate_title"),
		Text:  locale.N(s.Lang(c), "modal.activate_text", p.Users, "Office", sess.OfficeName),
		Readiness: &templates.Readiness{
			Users: p.Users, Ready: p.Ready, Unconfirmed: p.Unconfirmed, Without: p.Without,
			ReadyList: listAt(string(rollout.Ready)), UnconfirmedList: listAt(rollout.WithNumber),
			WithoutList: listAt(rollout.NoMethod),
		},
		Notes: notes, Action: paths.OfficeActivate, Yes: s.T(c, "modal.activate_yes"), Harmless: true, Switch: true,
	}, nil
}

// sweepText says in a sentence what the activation ends of what was let in before it; "" where there is nothing.
func (s *Screens) sweepText(c echo.Context) (string, error) {
	swept, err := s.rollouts.Sweep(c.Request().Context(), web.CurrentSession(c).User.OfficeID)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, part := range []struct {
		key string
		n   int
	}{{"sweep.sessions", swept.Sessions}, {"sweep.trusted", swept.Trusted}, {"sweep.applications", swept.Applications}} {
		if part.n > 0 {
			parts = append(parts, s.N(c, part.key, part.n))
		}
	}
	if len(parts) == 0 {
		return "", nil
	}
	return s.T(c, "sweep.text", "What", strings.Join(parts, ", ")), nil
}

func sendingText(sending office.Sending, demo bool) string {
	switch {
	case sending.Provider == "":
		return "modal.sending_none"
	case sending.Trouble == "unknown":
		return "modal.sending_unknown"
	case sending.Trouble != "":
		return "modal.sending_account"
	case demo:
		return "modal.sending_demo"
	}
	return "modal.sending_ok"
}

// Activate makes two factors mandatory, now or from a date on. A superuser without a second factor is led to theirs.
func (s *Screens) Activate(c echo.Context) error {
	if c.FormValue("when") == "date" {
		return s.activateFrom(c)
	}
	err := s.offices.Activate(c.Request().Context(), web.CurrentSession(c), s.Client(c))
	if errors.Is(err, office.ErrDateSet) {
		return s.Redirect(c, paths.OfficeTwoFactor)
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeGeneral, "activated")
}

// SwitchOffQuestion is where a step-up leads back to.
func (s *Screens) SwitchOffQuestion(c echo.Context) error {
	card, err := s.switchOf(c, false)
	if err != nil {
		return err
	}
	if !card.Draft() {
		return s.Redirect(c, paths.OfficeGeneral)
	}
	return s.ask(c, card, "")
}

func (s *Screens) SwitchOff(c echo.Context) error {
	err := s.offices.SwitchOff(c.Request().Context(), web.CurrentSession(c), s.Client(c))
	if err != nil {
		return err
	}
	return s.Tell(c, paths.OfficeGeneral, "switched_off")
}
