package door

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/door"
	templates "github.com/nightlatch/nightlatch/templates/door"
)

// visit is where somebody wants to go: a host, an address there, and the hash of what their browser has from it.
type visit struct {
	host, to string
	state    []byte
}

func readVisit(values url.Values) (visit, bool) {
	host, ok := hostOf(values.Get("host"), "")
	state, err := hex.DecodeString(values.Get("state"))
	return visit{host, target(values.Get("to")), state}, ok && err == nil && len(state) == 32
}

func (v visit) String() string {
	values := url.Values{"host": {v.host}, "state": {hex.EncodeToString(v.state)}, "to": {v.to}}
	return base64.RawURLEncoding.EncodeToString([]byte(values.Encode()))
}

// visitSeconds is how long a log-in may take: as long as a browser's state at the host.
const visitSeconds = stateSeconds

// Open is where a host sends a browser. Whoever may enter is sent back at once; whoever has something to do first finds
// the way on from Visit, after it.
func (s *Screens) Open(c echo.Context) error {
	v, ok := readVisit(c.QueryParams())
	if !ok {
		return echo.ErrNotFound
	}
	sess, in := web.CurrentSessionOK(c)
	if in && !sess.Pending() && !sess.PasswordTooShort && !sess.PasskeyOwed {
		admission, err := s.doors.Admit(c.Request().Context(), sess, v.host, v.state, s.Client(c))
		switch {
		case err != nil:
			return err
		case admission.Refusal == application.Allowed:
			return c.Redirect(http.StatusSeeOther, s.onward(v, admission))
		case !admission.Refusal.Mendable():
			return s.notAllowed(c, admission)
		}
	} else if _, err := s.doors.Place(c.Request().Context(), v.host); err != nil {
		return err
	}
	s.SetCookie(c, web.CookieVisit, v.String(), visitSeconds)
	return s.Redirect(c, paths.DoorVisit)
}

// Visit is the last step of a log-in that began at an application. It leads there by a page: the answer to a form must
// not lead to another origin (form-action).
func (s *Screens) Visit(c echo.Context) error {
	raw, err := base64.RawURLEncoding.DecodeString(s.Cookie(c, web.CookieVisit))
	if err != nil {
		return s.Redirect(c, paths.Start)
	}
	values, err := url.ParseQuery(string(raw))
	v, ok := readVisit(values)
	if err != nil || !ok {
		return s.Redirect(c, paths.Start)
	}
	sess := web.CurrentSession(c)
	admission, err := s.doors.Admit(c.Request().Context(), sess, v.host, v.state, s.Client(c))
	switch {
	case isUnknown(err):
		s.SetCookie(c, web.CookieVisit, "", -1)
		return err
	case err != nil:
		return err
	case admission.Refusal == application.SecondFactor && !sess.Factors.HasFactor(),
		admission.Refusal == application.FactorAge && !sess.Factors.HasFactor():
		return s.notAllowed(c, admission)
	case admission.Refusal.Mendable():
		return s.Redirect(c, paths.Next(paths.StepUp, paths.DoorVisit))
	}
	s.SetCookie(c, web.CookieVisit, "", -1)
	if admission.Refusal != application.Allowed {
		return s.notAllowed(c, admission)
	}
	view := templates.VisitView{Application: admission.Place.Name, Onward: s.onward(v, admission)}
	c.Response().Header().Set("Refresh", "0; url="+view.Onward) // at once, with JavaScript and without
	return web.Page(c, http.StatusOK, templates.Visit, s.Layout(c, admission.Place.Name, paths.Start), view)
}

// onward returns the address with which a browser enters a host.
func (s *Screens) onward(v visit, admission door.Admission) string {
	values := url.Values{"ticket": {string(admission.Ticket)}, "to": {v.to}}
	return s.origin(v.host) + paths.HostEnter + "?" + values.Encode()
}

// notAllowed says which application somebody may not enter, why, and whom to ask.
func (s *Screens) notAllowed(c echo.Context, admission door.Admission) error {
	view := templates.NotAllowedView{
		Application: admission.Place.Name, Why: string(admission.Refusal), Office: web.CurrentSession(c).OfficeName,
	}
	f, err := s.AppLayout(c, s.T(c, "door.title_refused", "Application", view.Application), paths.Start, "")
	if err != nil {
		return err
	}
	return web.Page(c, http.StatusForbidden, templates.NotAllowed, f, view)
}

// Left says that somebody signed out of an application, and is still in here.
func (s *Screens) Left(c echo.Context) error {
	host, ok := hostOf(c.QueryParam("host"), "")
	if !ok {
		return echo.ErrNotFound
	}
	place, err := s.doors.Place(c.Request().Context(), host)
	if err != nil {
		return err
	}
	sess, in := web.CurrentSessionOK(c)
	view := templates.LeftView{
		Application: place.Name, In: in && !sess.Pending(), Again: s.origin(host) + "/",
	}
	return web.Page(c, http.StatusOK, templates.Left, s.Layout(c, s.T(c, "door.left_title"), paths.Start), view)
}
