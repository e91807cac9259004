package main

import (
	"context"
	cryptorand "crypto/rand"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	patience = 90 * time.Second // how long somebody tries again before they give up
	pause    = 2 * time.Second  // between two tries at most
)

// visitor is a browser of somebody who logs in, and who sends the same form again while they are refused.
type visitor struct {
	at      string
	client  *http.Client
	refused func(began time.Time, why string)
}

func newVisitor(at string, refused func(time.Time, string)) *visitor {
	jar, _ := cookiejar.New(nil) // it answers no error
	return &visitor{at, &http.Client{
		Jar: jar, Timeout: 12 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, refused}
}

// answer is what is read of one; status 0 is none.
type answer struct {
	status         int
	location, body string
}

// in reports whether the answer leads to where somebody is who has proven all.
func (a answer) in() bool {
	return a.status == http.StatusSeeOther && !strings.HasPrefix(a.location, "/login")
}

// insist asks until it is answered: by something else than that this cannot be done now.
func (v *visitor) insist(method, path string, fields ...string) answer {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1]) // #nosec G602 -- they come in pairs
	}
	if method == http.MethodPost {
		form.Set("meant", cryptorand.Text()) // the same in every try: it is one act
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(rand.N(pause)) { // #nosec G404 -- a wait
		began := time.Now()
		a, err := v.ask(method, path, form)
		switch {
		case err != nil:
			v.refused(began, "no answer")
		case a.status >= 500 || a.status == http.StatusTooManyRequests:
			v.refused(began, strconv.Itoa(a.status))
		default:
			return a
		}
		if time.Now().After(deadline) {
			return answer{}
		}
	}
}

// arrive goes where an answer leads.
func (v *visitor) arrive(a answer) (page answer, path string) {
	for range 6 {
		if a.status != http.StatusSeeOther {
			break
		}
		path, _, _ = strings.Cut(a.location, "?")
		a = v.insist(http.MethodGet, path)
	}
	return a, path
}

func (v *visitor) ask(method, path string, form url.Values) (a answer, err error) {
	r, err := http.NewRequestWithContext(context.Background(), method, v.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		return a, err
	}
	r.Header.Set("Accept-Language", "en")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := v.client.Do(r)
	if err != nil {
		return a, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	return answer{res.StatusCode, res.Header.Get("Location"), string(body)}, err
}
