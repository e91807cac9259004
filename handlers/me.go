package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

func (s *Site) toMe(c echo.Context) error     { return s.redirect(c, pathMe) }
func (s *Site) toOffice(c echo.Context) error { return s.redirect(c, pathOffice) }

// mePage is the user's own settings.
func (s *Site) mePage(c echo.Context) error { return s.showMe(c, "") }

func (s *Site) showMe(c echo.Context, problem string) error {
	ctx, sess := c.Request().Context(), must(c)
	methods, err := s.Factors.Methods(ctx, sess.User.ID)
	if err != nil {
		return err
	}
	sessions, err := s.Sessions.List(ctx, sess)
	if err != nil {
		return err
	}
	view := templates.MeView{
		Username: sess.User.Username, TwoFactor: sess.TwoFactorRequired, Authenticator: methods.Authenticator,
		HasFactor: methods.HasFactor(), RecoveryCodes: methods.RecoveryCodes, Error: problem,
	}
	if number := methods.Number; number != nil {
		view.Number, view.Country, view.Confirmed = number.International(), string(number.Country), methods.Confirmed
	}
	if view.SSO, view.SSOAt, view.SSOWaiting, err = s.mySSO(c); err != nil {
		return err
	}
	for _, e := range sessions {
		name, isPhone := s.browserName(c, e.UserAgent)
		view.Sessions = append(view.Sessions, templates.SessionRow{
			ID: e.ID, Name: name, Phone: isPhone, Address: e.Address, Current: e.ID == sess.ID, LastSeen: e.LastSeenAt,
		})
	}
	f, err := s.inside(c, s.t(c, "me.title"), pathMe, templates.SectionMe)
	if err != nil {
		return err
	}
	return page(c, statusFor(problem), templates.Me, f, view)
}

// browserName says what a User-Agent header most likely is, for the list of sessions.
func (s *Site) browserName(c echo.Context, agent string) (name string, isPhone bool) {
	browser, system := session.Browser(agent)
	if browser == "" {
		return s.t(c, "browser.unknown"), false
	}
	return s.t(c, "browser.on", "Browser", browser, "System", system), system == "iPhone" || system == "Android"
}

// endSession ends another session of the user's own, after a fresh proof (ASVS 7.5.2).
func (s *Site) endSession(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	if own, err := s.Sessions.Owns(c.Request().Context(), must(c), id); err != nil {
		return err
	} else if !own {
		return echo.ErrNotFound // unknown, before a proof is asked for
	}
	if fresh, err := s.fresh(c); err != nil || !fresh {
		return s.orConfirm(c, err)
	}
	err = s.Sessions.End(c.Request().Context(), must(c), id, s.client(c))
	if errors.Is(err, session.ErrNone) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	return s.redirect(c, pathMe+"?done=session_ended")
}

// endOtherSessions ends all of the user's own but this one, after a fresh proof.
func (s *Site) endOtherSessions(c echo.Context) error {
	if fresh, err := s.fresh(c); err != nil || !fresh {
		return s.orConfirm(c, err)
	}
	if err := s.Sessions.EndOwn(c.Request().Context(), must(c), s.client(c)); err != nil {
		return err
	}
	return s.redirect(c, pathMe+"?done=sessions_ended")
}

func (s *Site) fresh(c echo.Context) (bool, error) {
	methods, err := s.Factors.Methods(c.Request().Context(), must(c).User.ID)
	return err == nil && twofactor.Fresh(must(c), methods), err
}

// orConfirm asks for the proof that was missing, unless there was an error.
func (s *Site) orConfirm(c echo.Context, err error) error {
	if err != nil {
		return err
	}
	return s.redirect(c, withNext("/settings/confirm", pathMe))
}

func (s *Site) seeNotices(c echo.Context) error { return s.noticesSeen(c, pathMe) }

func (s *Site) noticesSeen(c echo.Context, back string) error {
	upTo, err := strconv.ParseInt(c.FormValue("up_to"), 10, 64)
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	if err := s.Factors.SeeNotices(c.Request().Context(), must(c).User.ID, upTo); err != nil {
		return err
	}
	return s.redirect(c, back)
}

// masked is a number of which the calling code and the last two digits show.
func masked(e164 string) string {
	if e164 == "" {
		return ""
	}
	return unbroken(phone.Masked(e164))
}

// unbroken keeps a number on one line.
func unbroken(number string) string { return strings.ReplaceAll(number, " ", "\u00a0") }
