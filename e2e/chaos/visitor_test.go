package chaos

import (
	"context"
	cryptorand "crypto/rand"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// What a simulated user's act came to, as they saw it.
const (
	gotIn      = "in"          // signed in, or the page of somebody who is
	gotAway    = "away"        // led to the log-in or to the second step: nothing was shown
	gotWrong   = "wrong"       // compared, and not right
	gotOver    = "over"        // answered, and not compared: used, expired, out of tries, to be waited for
	gotDone    = "done"        // a superuser's act took effect
	gotBusy    = "busy"        // 503 or 429: nothing was done
	gotUnknown = "unknown"     // no answer: anything may have happened
	gotSecond  = "second_step" // the password was right, a second factor is demanded
)

// act is one thing that a simulated user did, from their side.
type act struct {
	began, ended time.Time
	user         int64
	kind         string // password, code, app, recovery, page, line, reset, activate, switch_off
	key          string // of a proof: what may serve once, or was compared; "" not known
	answer       string
	office       int64
	// Of a page: when its session was complete, and by how many factors.
	since  time.Time
	factor int
}

// history is what all of them did.
type history struct {
	mu   sync.Mutex
	acts []act
}

func (h *history) add(a act) {
	a.ended = time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acts = append(h.acts, a)
}

func (h *history) count(kind, answer string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, a := range h.acts {
		if a.kind == kind && (answer == "" || a.answer == answer) {
			n++
		}
	}
	return n
}

// visitor is a browser of a simulated user, who meets any node at any request and whom no failure ends.
type visitor struct {
	nodes  []string
	client *http.Client
	random *rand.Rand
	ended  *atomic.Bool // this log-in, by wrong proofs: every later request is answered as the last of them was
}

func newVisitor(nodes []string, random *rand.Rand) *visitor {
	jar, _ := cookiejar.New(nil) // it answers no error
	return &visitor{nodes, &http.Client{
		Jar: jar, Timeout: 12 * time.Second, // a request is limited to 10 s
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, random, &atomic.Bool{}}
}

// answer is one answer of the site; status 0 is none.
type answer struct {
	status   int
	location string
	told     string // the word that the next page is to tell
	body     string
	session  bool // a new session's token came with it
}

func (a answer) says(words string) bool { return strings.Contains(a.body, words) }

func (a answer) busy() bool { return a.status == 503 || a.status == 429 }

func (v *visitor) call(node, method, path string, form url.Values) answer {
	body := form.Encode()
	if method == http.MethodPost { // the same form sent again would be answered as before
		body = strings.TrimPrefix(body+"&meant="+cryptorand.Text(), "&")
	}
	r, err := http.NewRequestWithContext(context.Background(), method, node+path, strings.NewReader(body))
	if err != nil {
		return answer{}
	}
	r.Header.Set("Accept-Language", "en")
	r.Header.Set("User-Agent", "chaos")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if strings.HasSuffix(path, "/message") {
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Request-Type", "partial")
	}
	res, err := v.client.Do(r)
	if err != nil {
		return answer{}
	}
	defer func() { _ = res.Body.Close() }()
	read, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}
	}
	a := answer{status: res.StatusCode, location: res.Header.Get("Location"), body: string(read)}
	for _, c := range res.Cookies() {
		if strings.HasSuffix(c.Name, "nightlatch-told") {
			a.told = c.Value
		}
		a.session = a.session || strings.HasSuffix(c.Name, "nightlatch") && c.Value != ""
	}
	return a
}

func (v *visitor) anyNode() string { return program.AnyOf(v.random, v.nodes...) }

// get asks for a page again while there is none, as people do, but not for ever.
func (v *visitor) get(path string) answer {
	var a answer
	for range 8 {
		if a = v.call(v.anyNode(), http.MethodGet, path, nil); a.status != 0 && !a.busy() {
			break
		}
		time.Sleep(time.Duration(200+v.random.IntN(500)) * time.Millisecond)
	}
	return a
}

func (v *visitor) post(path string, fields ...string) answer {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	if path == "/login" {
		v.ended.Store(false)
	}
	return v.call(v.anyNode(), http.MethodPost, path, form)
}

// twin is another tab with the cookies of now.
func (v *visitor) twin() *visitor {
	other := newVisitor(v.nodes, rand.New(rand.NewPCG(v.random.Uint64(), 0)))
	for _, n := range v.nodes {
		if u, err := url.Parse(n); err == nil {
			other.client.Jar.SetCookies(u, v.client.Jar.Cookies(u))
		}
	}
	other.ended = v.ended
	return other
}

// prove posts a proof and says what became of it.
func (v *visitor) prove(path string, fields ...string) string {
	a := v.post(path, fields...)
	got := a.proof()
	if got == gotWrong && a.status == http.StatusSeeOther && v.ended.Swap(true) {
		return gotOver
	}
	return got
}

// token is the session's, in the cookies of now; "" when there is none.
func (v *visitor) token() session.Token {
	u, err := url.Parse(v.nodes[0])
	if err != nil {
		return ""
	}
	for _, c := range v.client.Jar.Cookies(u) {
		if strings.HasSuffix(c.Name, "nightlatch") {
			return session.Token(c.Value)
		}
	}
	return ""
}

// outcome is what came of a request: yes when it did what it was for, and no when it was refused.
func (a answer) outcome(did bool, yes, no string) string {
	switch {
	case a.status == 0:
		return gotUnknown
	case a.busy():
		return gotBusy
	case did:
		return yes
	}
	return no
}

// proof reads the answer to a code.
func (a answer) proof() string {
	switch {
	case a.status == 0:
		return gotUnknown
	case a.busy():
		return gotBusy
	case a.status == http.StatusSeeOther && strings.HasPrefix(a.location, "/settings/") && a.session:
		return gotIn
	case a.status == http.StatusSeeOther && a.told == "exhausted", a.says("not right"):
		return gotWrong
	}
	return gotOver
}

// phones are the users' phones: what the provider took for each number last.
type phones struct {
	mu   sync.Mutex
	last map[string]smstest.Message
	sent int
}

func (p *phones) receive(m smstest.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Accepted {
		p.last[m.To] = m
		p.sent++
	}
}

// since is the newest text for a number that came after a moment.
func (p *phones) since(number string, at time.Time) (smstest.Message, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.last[strings.TrimPrefix(number, "+")]
	return m, ok && m.At.After(at)
}
