package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/stepup"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// A route that needs a step-up says so where it is registered. A request without one is led to the step-up page, and
// from there back to the page of the route. A form that was posted is kept meanwhile and performed after the proof.

const (
	keyStepUpPage = "step_up_page"
	keyForm       = "form" // the body of a form, as bytes
)

// StepUp lets a session through that has the proof needed now. page is the route that a step-up leads back to when no
// form is performed; "" is the request's own address.
func (w *Web) StepUp(need session.StepUp, page string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(keyStepUpPage, page)
			if err := CurrentSession(c).RequireStepUp(need); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// StepUpAsked leaves it to the domain whether a step-up is needed: it returns fault.StepUpRequired.
func (w *Web) StepUpAsked(page string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(keyStepUpPage, page)
			return next(c)
		}
	}
}

// HandleStepUp leads a request whose handler or guards ask for a step-up to the step-up page, and one that would enrol
// a factor while the word of a reset is owed to where it is given.
func (w *Web) HandleStepUp(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if errors.Is(err, fault.StepUpRequired) {
			return w.toStepUp(c)
		}
		if errors.Is(err, twofactor.ErrWordOwed) {
			return w.Redirect(c, paths.MyWord)
		}
		return err
	}
}

// toStepUp leads to the step-up page, and keeps the form that was posted. A page that was only asked for takes the
// place of the form that was kept before: its user went elsewhere.
func (w *Web) toStepUp(c echo.Context) error {
	ctx, r, sess := c.Request().Context(), c.Request(), CurrentSession(c)
	page, _ := c.Get(keyStepUpPage).(string)
	page = strings.Replace(page, ":id", c.Param("id"), 1)
	if page == "" {
		page = SafePath(r.URL.Path, paths.Me)
	}
	err := w.stepUps.Discard(ctx, sess)
	if r.Method == http.MethodPost {
		body, _ := c.Get(keyForm).([]byte)
		var ticket session.Token
		ticket, err = w.stepUps.Hold(ctx, sess, page, stepup.Form{
			Path: r.URL.Path, ContentType: r.Header.Get(echo.HeaderContentType), Body: body,
		})
		w.SetCookie(c, CookieForm, string(ticket), int(session.Fresh.Seconds()))
	}
	if err != nil {
		return err
	}
	return w.Redirect(c, paths.Next(paths.StepUp, page))
}

// AfterStepUp hands the browser its session's new token and goes on with what needed the proof: it performs the form
// that was kept, or leads back to the page.
func (w *Web) AfterStepUp(c echo.Context, token session.Token) error {
	w.SetSession(c, token)
	next := SafePath(c.FormValue("next"), paths.Me)
	ticket := session.Token(w.Cookie(c, CookieForm))
	form, held, err := w.stepUps.Take(c.Request().Context(), CurrentSession(c), next, ticket)
	if err != nil {
		return err
	}
	if !held {
		return w.Tell(c, next, "confirmed")
	}
	w.SetCookie(c, CookieForm, "", -1)
	w.perform(c, form, token)
	return nil
}

// perform posts a kept form as its browser would, with the session's new token, and lets its response be this one's. It
// passes all guards of its route again: what has changed meanwhile counts.
func (w *Web) perform(c echo.Context, form stepup.Form, token session.Token) {
	r := c.Request().Clone(c.Request().Context())
	r.Method, r.URL, r.RequestURI = http.MethodPost, &url.URL{Path: form.Path}, form.Path
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(form.Body)), int64(len(form.Body))
	r.Header.Set(echo.HeaderContentType, form.ContentType)
	r.Header.Del("Cookie")
	for _, cookie := range c.Request().Cookies() {
		if cookie.Name == CookieSession || cookie.Name == hostPrefix+CookieSession {
			cookie.Value = string(token)
		}
		r.AddCookie(cookie)
	}
	again := c.Echo().NewContext(r, c.Response())
	again.Set(keyRequest, RequestID(c))
	again.Set(keyNested, true)
	c.Echo().Router().Find(http.MethodPost, form.Path, again)
	if err := again.Handler()(again); err != nil {
		again.Error(err)
	}
}
