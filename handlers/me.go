package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/phone"
	"github.com/nightlatch/nightlatch/session"
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
		view.Number, view.Country, view.NumberState = number.International(), string(number.Country), numberState(methods.Confirmed)
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
	f, err := s.inside(c, s.t(c, "me.title"), pathMe, "me")
	if err != nil {
		return err
	}
	return page(c, statusFor(problem), templates.Me, f, view)
}

func numberState(confirmed bool) string {
	if confirmed {
		return "confirmed"
	}
	return "unconfirmed"
}

// browserName says what a User-Agent header most likely is, for the list of sessions.
func (s *Site) browserName(c echo.Context, agent string) (name string, isPhone bool) {
	find := func(marks ...[2]string) string {
		for _, m := range marks {
			if strings.Contains(agent, m[0]) {
				return m[1]
			}
		}
		return ""
	}
	browser := find([2]string{"Edg/", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"Firefox/", "Firefox"}, [2]string{"FxiOS", "Firefox"},
		[2]string{"CriOS", "Chrome"}, [2]string{"Chrome/", "Chrome"}, [2]string{"Safari/", "Safari"})
	system := find([2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"Android", "Android"}, [2]string{"Windows", "Windows"},
		[2]string{"Mac OS X", "macOS"}, [2]string{"Linux", "Linux"})
	if browser == "" || system == "" {
		return s.t(c, "browser.unknown"), false
	}
	return s.t(c, "browser.on", "Browser", browser, "System", system), system == "iPhone" || system == "Android"
}

// endSession ends another session of the user's own.
func (s *Site) endSession(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
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

func (s *Site) seeNotices(c echo.Context) error {
	upTo, err := strconv.ParseInt(c.FormValue("up_to"), 10, 64)
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	if err := s.Factors.SeeNotices(c.Request().Context(), must(c).User.ID, upTo); err != nil {
		return err
	}
	return s.redirect(c, pathMe)
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
