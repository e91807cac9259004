package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/templates"
)

// officePage is Settings > Office > General.
func (s *Site) officePage(c echo.Context) error {
	return s.showOffice(c, s.switchOf(c, must(c).TwoFactorRequired), nil)
}

// switchOf is the card with the switch showing a draft.
func (s *Site) switchOf(c echo.Context, shown bool) templates.TwoFactorSwitch {
	sess := must(c)
	return templates.TwoFactorSwitch{Active: sess.TwoFactorRequired, Shown: shown, MayChange: sess.User.Role.ManagesOffice()}
}

func (s *Site) showOffice(c echo.Context, card templates.TwoFactorSwitch, question *templates.Question) error {
	return s.showOfficeWith(c, card, question, "")
}

// showOfficeWith shows the page, with what was wrong with a country.
func (s *Site) showOfficeWith(c echo.Context, card templates.TwoFactorSwitch, question *templates.Question, problem string) error {
	f, err := s.inside(c, s.t(c, "office.title"), pathOffice, templates.SectionOffice)
	if err != nil {
		return err
	}
	countries, err := s.countriesOf(c, problem)
	if err != nil {
		return err
	}
	view := templates.OfficeView{Switch: card, Countries: countries, Question: question}
	return page(c, statusFor(problem), templates.Office, f, view)
}

// showSwitch shows what is in force: what the card falls back to when the question closes.
func (s *Site) showSwitch(c echo.Context) error {
	if !wantsFragment(c.Request()) {
		return s.redirect(c, pathOffice)
	}
	return fragment(c, http.StatusOK, templates.OfficeSwitch, s.lang(c), s.switchOf(c, must(c).TwoFactorRequired))
}

// flipSwitch turns the draft. Nothing is saved.
func (s *Site) flipSwitch(c echo.Context) error {
	card := s.switchOf(c, c.FormValue("shown") != "yes")
	if wantsFragment(c.Request()) {
		return fragment(c, http.StatusOK, templates.OfficeSwitch, s.lang(c), card)
	}
	return s.showOffice(c, card, nil)
}

// saveOffice asks before the draft is put in force.
func (s *Site) saveOffice(c echo.Context) error {
	card := s.switchOf(c, c.FormValue("shown") == "yes")
	if !card.Draft() {
		card.Unchanged = true
		if wantsFragment(c.Request()) {
			c.Response().Header().Set("HX-Retarget", "#two-factor")
			c.Response().Header().Set("HX-Reswap", "outerHTML")
			return fragment(c, http.StatusOK, templates.OfficeSwitch, s.lang(c), card)
		}
		return s.showOffice(c, card, nil)
	}
	return s.ask(c, card)
}

func (s *Site) ask(c echo.Context, card templates.TwoFactorSwitch) error {
	question, err := s.switchQuestion(c, card.Shown)
	if err != nil {
		return err
	}
	if wantsFragment(c.Request()) {
		return fragment(c, http.StatusOK, templates.QuestionDialog, s.lang(c), question)
	}
	return s.showOffice(c, card, &question)
}

// switchQuestion is asked before the setting is changed: with counts before it is activated.
func (s *Site) switchQuestion(c echo.Context, activate bool) (templates.Question, error) {
	ctx, sess := c.Request().Context(), must(c)
	if !activate {
		return templates.Question{
			Title: s.t(c, "modal.off_title"), Text: s.t(c, "modal.off_text", "Office", sess.OfficeName),
			More: s.t(c, "modal.off_fresh"), Action: pathOffice + "/switch-off", Yes: s.t(c, "modal.off_yes"), Switch: true,
		}, nil
	}
	p, err := s.Offices.Preflight(ctx, sess.User.OfficeID)
	if err != nil {
		return templates.Question{}, err
	}
	methods, err := s.Factors.Methods(ctx, sess.User.ID)
	if err != nil {
		return templates.Question{}, err
	}
	sending := templates.Note{Icon: "message-square-text", Text: s.t(c, sendingText(p.Sending, s.Phone != nil))}
	if !p.Sending.Works() {
		sending.Icon, sending.Warning = "triangle-alert", true
	}
	notes := []templates.Note{sending}
	if p.SSO > 0 {
		id := "modal.sso_" + p.SSOPolicy // refuse, trust or ask
		notes = append(notes, templates.Note{Icon: "key-round", Text: s.n(c, id, p.SSO), Warning: p.SSOPolicy == "refuse"})
	}
	if !methods.HasFactor() {
		notes = append(notes, templates.Note{Icon: "info", Text: s.t(c, "modal.you_too")})
	}
	return templates.Question{
		Title: s.t(c, "modal.activate_title"),
		Text:  locale.N(s.lang(c), "modal.activate_text", p.Users, "Office", sess.OfficeName),
		Readiness: &templates.Readiness{
			Users: p.Users, Ready: p.Ready, Unconfirmed: p.Unconfirmed, Without: p.Without,
		},
		Notes: notes, Action: pathOffice + "/activate", Yes: s.t(c, "modal.activate_yes"), Harmless: true, Switch: true,
	}, nil
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

// activate makes two factors mandatory. A superuser without a second factor is led to theirs.
func (s *Site) activate(c echo.Context) error {
	if err := s.Offices.Activate(c.Request().Context(), must(c), s.client(c)); err != nil {
		return err
	}
	return s.redirect(c, pathOffice+"?done=activated")
}

// switchOffQuestion is where a fresh proof leads back to.
func (s *Site) switchOffQuestion(c echo.Context) error {
	card := s.switchOf(c, false)
	if !card.Draft() {
		return s.redirect(c, pathOffice)
	}
	return s.ask(c, card)
}

func (s *Site) switchOff(c echo.Context) error {
	err := s.Offices.SwitchOff(c.Request().Context(), must(c), s.client(c))
	if errors.Is(err, office.ErrNotFresh) {
		return s.redirect(c, withNext("/settings/confirm", pathOffice+"/switch-off"))
	}
	if err != nil {
		return err
	}
	return s.redirect(c, pathOffice+"?done=switched_off")
}
