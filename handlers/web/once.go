package web

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/replay"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Replays keeps the answers to forms.
type Replays interface {
	Form(token session.Token, browser, what string) (form replay.Form, ok bool)
	Forget(ctx context.Context, token session.Token) error
	Claim(ctx context.Context, form replay.Form) (*replay.Kept, error)
	Find(ctx context.Context, form replay.Form) (*replay.Kept, error)
	Keep(ctx context.Context, form replay.Form, a replay.Answer, token session.Token, refused, claimed bool) error
	Drop(ctx context.Context, form replay.Form) error
}

const (
	keyToken  = "new_token"   // the session's token that the answer hands out
	keyNested = "nested_form" // a form that is performed for another one, which is kept whole
)

// Once gives a form that is sent twice the effect of one, and both the answer of the first: a double click, at once on
// two nodes even, a reload, or a browser to which the answer never came. A session's form is claimed before it is
// performed, and carried through when its browser is gone; a page that the browser asks for later shows that the answer
// has come. A visitor without a session leaves nothing behind unless
// the form began one. reading are the routes whose forms change nothing: they are asked while somebody types.
func (w *Web) Once(reading ...string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			ctx, token := c.Request().Context(), session.Token(w.Cookie(c, CookieSession))
			sess, alive := CurrentSessionOK(c)
			if IsSafe(c.Request().Method) {
				if sess.HasKeptAnswer && !WantsFragment(c.Request()) {
					if err := w.replays.Forget(ctx, token); err != nil {
						return err
					}
				}
				return next(c)
			}
			if c.Get(keyNested) != nil || slices.Contains(reading, c.Path()) {
				return next(c)
			}
			what, err := sent(c)
			if err != nil {
				return echo.ErrBadRequest
			}
			form, ok := w.replays.Form(token, w.Cookie(c, CookieBrowser), what)
			if !ok {
				return next(c)
			}
			look := w.replays.Find
			if alive {
				look = w.replays.Claim
			}
			switch kept, err := look(ctx, form); {
			case err != nil:
				return err
			case kept != nil:
				return w.giveAgain(c, kept)
			}
			return w.performOnce(c, next, form, alive)
		}
	}
}

// sent returns all that tells a form from another one of the same session.
func sent(c echo.Context) (string, error) {
	r := c.Request()
	parts := []string{r.Method, r.URL.Path, r.Header.Get("HX-Request-Type"), r.PostForm.Encode()}
	if r.MultipartForm != nil {
		for name, files := range r.MultipartForm.File {
			for _, file := range files {
				content, err := contentOf(file)
				if err != nil {
					return "", err
				}
				parts = append(parts, name, file.Filename, content)
			}
		}
	}
	return strings.Join(parts, "\x00"), nil
}

func contentOf(file *multipart.FileHeader) (string, error) {
	f, err := file.Open()
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(f)
	return string(content), err
}

// performOnce performs a form, and keeps its answer before the browser gets it.
func (w *Web) performOnce(c echo.Context, next echo.HandlerFunc, form replay.Form, claimed bool) error {
	lasting := context.WithoutCancel(c.Request().Context())
	if claimed {
		ctx, cancel := context.WithTimeout(lasting, requestLimit)
		request := c.Request()
		defer func() {
			cancel()
			c.SetRequest(request)
		}()
		c.SetRequest(request.WithContext(ctx))
	}
	browser := c.Response().Writer
	before := browser.Header().Clone()
	held := &HeldAnswer{ResponseWriter: browser}
	c.Response().Writer = held
	err := next(c)
	c.Response().Writer = browser
	if kept := w.keepAnswer(lasting, c, form, held, before, claimed); kept != nil {
		w.Logger.WarnContext(lasting, "an answer is not kept", "request", RequestID(c), "error", kept)
	}
	if held.Status == 0 {
		return err
	}
	browser.WriteHeader(held.Status)
	if _, written := browser.Write(held.Body.Bytes()); err == nil {
		err = written
	}
	return err
}

// keepAnswer keeps an answer, or gives the claim back: of a failure, and of a refusal that may not be one in a moment.
func (w *Web) keepAnswer(
	ctx context.Context, c echo.Context, form replay.Form, held *HeldAnswer, before http.Header, claimed bool,
) error {
	token, _ := c.Get(keyToken).(session.Token)
	switch {
	case !claimed && token == "":
		return nil
	case held.Status == 0, held.Status >= http.StatusInternalServerError, held.Status == http.StatusTooManyRequests:
		if !claimed {
			return nil
		}
		return w.replays.Drop(ctx, form)
	}
	answer := replay.Answer{Status: held.Status, Header: http.Header{}, Body: held.Body.Bytes()}
	for name, values := range held.Header() {
		if !slices.Equal(values, before[name]) {
			answer.Header[name] = values
		}
	}
	answer.Header["Set-Cookie"] = slices.DeleteFunc(
		slices.Clone(held.Header()["Set-Cookie"][len(before["Set-Cookie"]):]), func(line string) bool {
			return token != "" && strings.HasPrefix(strings.TrimPrefix(line, hostPrefix), CookieSession+"=")
		})
	led := answer.Header.Get("Location")+answer.Header.Get("Hx-Redirect") != ""
	return w.replays.Keep(ctx, form, answer, token, !led && held.Status >= http.StatusBadRequest, claimed)
}

// giveAgain answers as the first of two equal forms was answered.
func (w *Web) giveAgain(c echo.Context, kept *replay.Kept) error {
	h := c.Response().Header()
	for name, values := range kept.Header {
		if name == "Set-Cookie" {
			values = append(h[name], values...)
		}
		h[name] = values
	}
	w.SetSession(c, kept.Token)
	c.Response().WriteHeader(kept.Status)
	_, err := c.Response().Write(kept.Body)
	return err
}
