// Package smstest is a stand-in for Vonage's SMS API that does as a script says:
// accept, refuse, be slow, hang, break the connection, talk nonsense. It is spoken
// to over real HTTP, so what a test proves holds for the SDK and the network too.
//
// It is as strict as the real one where strictness finds faults: a parameter in
// the URL, a missing field or a wrong secret is answered as Vonage answers it.
//
// It also posts signed receipts, as a script says or when a test asks. Start at
// [NewServer] in a test; [New] is the http.Handler alone, and vonagestub beside this
// file is a program around it. [NewVoice] stands in for the Voice API and [NewGateway]
// for a gateway of one's own.
package smstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Message is one request as it came in. The secret is not kept.
type Message struct {
	To       string        `json:"to"` // as sent: without +
	From     string        `json:"from"`
	Text     string        `json:"text"`
	Ref      string        `json:"ref"`
	Type     string        `json:"type"` // "" is text
	TTL      time.Duration `json:"ttl"`  // nanoseconds in JSON
	Receipt  bool          `json:"receipt"`
	Callback string        `json:"callback"`
	ID       string        `json:"id"` // the message-id it is given when it is accepted

	Step     string    `json:"step"`     // what was done with it, as in a script
	Accepted bool      `json:"accepted"` // a phone would have got it
	At       time.Time `json:"at"`
	Conn     string    `json:"-"` // the connection it came over
}

// Stub is the stand-in as an http.Handler. It is safe for use by many goroutines.
type Stub struct {
	seen func(Message) // told of each message; may be nil
	done chan struct{}
	stop sync.Once

	mu          sync.Mutex
	key, secret string // empty: any
	script      script
	received    []Message
	reporting   reporting
}

// script is what happens to the next requests.
type script []Step

// next takes one try from the script.
func (s *script) next() Step {
	if len(*s) == 0 {
		return Accept()
	}
	step := (*s)[0]
	if step.tries > 1 {
		(*s)[0].tries--
	} else {
		*s = (*s)[1:]
	}
	return step
}

// New returns a stand-in that plays steps, one for each request, and accepts
// everything after them. seen, which may be nil, is told of each message.
func New(seen func(Message), steps ...Step) *Stub {
	return &Stub{seen: seen, script: slices.Clone(steps), done: make(chan struct{})}
}

// Server is a Stub on a free port of this machine.
type Server struct {
	*Stub
	http *httptest.Server
}

// NewServer starts a stand-in; close it when the test ends.
func NewServer(steps ...Step) *Server {
	stub := New(nil, steps...)
	return &Server{Stub: stub, http: httptest.NewServer(stub)}
}

// BaseURL is what VONAGE_BASE_URL wants.
func (s *Server) BaseURL() string { return s.http.URL + "/sms" }

// Close lets hanging requests go and stops the server.
func (s *Server) Close() {
	s.Stub.Close()
	s.http.Close()
}

// Close lets hanging requests go, and receipts that are still to come.
func (s *Stub) Close() {
	s.stop.Do(func() { close(s.done) })
}

// Script replaces what is left of the script.
func (s *Stub) Script(steps ...Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = slices.Clone(steps) // their tries are counted down
}

// Credentials makes the stand-in answer status 4 to any other key or secret.
func (s *Stub) Credentials(key, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key, s.secret = key, secret
}

// Received returns every message that came in, in order, refused ones included.
func (s *Stub) Received() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
}

// Accepted returns the messages a phone would have got, in order: also those
// whose sender never heard of it.
func (s *Stub) Accepted() []Message {
	var accepted []Message
	for _, m := range s.Received() {
		if m.Accepted {
			accepted = append(accepted, m)
		}
	}
	return accepted
}

// ServeHTTP takes a message the way POST /sms/json does.
func (s *Stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/json") {
		http.NotFound(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	m := read(r)
	step, number := s.take(&m, r)
	if s.seen != nil {
		s.seen(m)
	}
	early, later := s.reported(m, step)
	s.post(m, early)
	step.serve(reply{w: w, r: r, done: s.done, to: m.To, ref: m.Ref, number: number})
	if len(later) > 0 {
		go s.post(m, later) // ends with Close
	}
}

// take records the message and decides what happens to it.
func (s *Stub) take(m *Message, r *http.Request) (Step, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	step, ok := s.fault(r)
	if !ok {
		step = s.script.next()
	}
	m.Step, m.Accepted = step.name, step.accepts
	m.ID = messageID(len(s.received)+1, 0)
	s.received = append(s.received, *m)
	return step, len(s.received)
}

// fault is what Vonage finds wrong with a request, before any script.
func (s *Stub) fault(r *http.Request) (Step, bool) {
	if r.URL.RawQuery != "" { // ours: addresses end up in logs
		return Status("3"), true
	}
	for _, field := range []string{"api_key", "api_secret", "from", "to", "text"} {
		if r.PostForm.Get(field) == "" {
			return Status("2"), true
		}
	}
	if s.key != "" && (r.PostForm.Get("api_key") != s.key || r.PostForm.Get("api_secret") != s.secret) {
		return Status("4"), true
	}
	if ttl := r.PostForm.Get("ttl"); ttl != "" {
		if ms, err := strconv.Atoi(ttl); err != nil || ms < 20_000 {
			return Status("3"), true
		}
	}
	if to := r.PostForm.Get("to"); strings.Trim(to, "0123456789") != "" || len(r.PostForm.Get("client-ref")) > 40 {
		return Status("3"), true
	}
	return Step{}, false
}

func read(r *http.Request) Message {
	form := r.PostForm
	ms, _ := strconv.Atoi(form.Get("ttl"))
	return Message{
		To: form.Get("to"), From: form.Get("from"), Text: form.Get("text"),
		Ref: form.Get("client-ref"), Type: form.Get("type"),
		TTL:     time.Duration(ms) * time.Millisecond,
		Receipt: isTrue(form, "status-report-req"), Callback: form.Get("callback"),
		At: time.Now(), Conn: r.RemoteAddr,
	}
}

func isTrue(form url.Values, field string) bool {
	return form.Get(field) == "true" || form.Get(field) == "1"
}

// reply is one answer in the making.
type reply struct {
	w       http.ResponseWriter
	r       *http.Request
	done    <-chan struct{} // the stand-in is closing
	to, ref string
	number  int    // of the request, from 1
	accept  func() // answers an accepted request where that is not the SMS API; nil is
}

// messageID is the id of a request's part.
func messageID(number, part int) string { return fmt.Sprintf("%014X%02X", number, part) }

// parts writes Vonage's answer with one part for each status.
func (re reply) parts(price, balance string, statuses ...string) {
	if re.accept != nil {
		re.accept()
		return
	}
	messages := make([]map[string]string, 0, len(statuses))
	for i, status := range statuses {
		part := map[string]string{"status": status}
		if status == "0" {
			part["to"] = re.to
			part["message-id"] = messageID(re.number, i)
			part["remaining-balance"] = balance
			part["message-price"] = price
			part["network"] = "20408"
			if re.ref != "" {
				part["client-ref"] = re.ref
			}
		} else {
			part["error-text"] = "Refused for " + re.to // the real one quotes, too
		}
		messages = append(messages, part)
	}
	re.w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(re.w).Encode(map[string]any{
		"message-count": strconv.Itoa(len(statuses)),
		"messages":      messages,
	})
}

// wait reports whether the time went by with somebody still listening.
func (re reply) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-re.r.Context().Done():
	case <-re.done:
	}
	return false
}

// hang waits until nobody listens any more.
func (re reply) hang() {
	select {
	case <-re.r.Context().Done():
	case <-re.done:
	}
}
