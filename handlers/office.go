package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

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

func (s *Site) showOffice(c echo.Context, card templates.TwoFactorSwitch, modal *templates.Modal) error {
	return s.showOfficeWith(c, card, modal, "")
}

// showOfficeWith shows the page, with what was wrong with a country.
func (s *Site) showOfficeWith(c echo.Context, card templates.TwoFactorSwitch, modal *templates.Modal, problem string) error {
	f, err := s.inside(c, s.t(c, "office.title"), pathOffice, "office")
	if err != nil {
		return err
	}
	countries, err := s.countriesOf(c, problem)
	if err != nil {
		return err
	}
	view := templates.OfficeView{OfficeName: must(c).OfficeName, Switch: card, Countries: countries, Modal: modal}
	return page(c, statusFor(problem), templates.Office, f, view)
}

// showSwitch shows what is in force: what the card falls back to when the modal closes.
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
	modal, err := s.modal(c, card.Shown)
	if err != nil {
		return err
	}
	if wantsFragment(c.Request()) {
		return fragment(c, http.StatusOK, templates.OfficeModal, s.lang(c), modal)
	}
	return s.showOffice(c, card, &modal)
}

// modal says what will happen and to whom.
func (s *Site) modal(c echo.Context, activate bool) (templates.Modal, error) {
	ctx, sess := c.Request().Context(), must(c)
	modal := templates.Modal{OfficeName: sess.OfficeName, Activate: activate}
	if !activate {
		return modal, nil
	}
	p, err := s.Offices.Preflight(ctx, sess.User.OfficeID)
	if err != nil {
		return modal, err
	}
	methods, err := s.Factors.Methods(ctx, sess.User.ID)
	if err != nil {
		return modal, err
	}
	modal.Users, modal.Ready, modal.Unconfirmed, modal.Without = p.Users, p.Ready, p.Unconfirmed, p.Without
	modal.YouToo = !methods.HasFactor()
	modal.SSO, modal.SSOPolicy = p.SSO, p.SSOPolicy
	modal.Sending, modal.SendingBad = s.t(c, sendingText(p.Sending, s.Phone != nil)), !p.Sending.Works()
	return modal, nil
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
