package smstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// GatewayMessage is one request to the gateway as it came in.
type GatewayMessage struct {
	Type     string    `json:"type"`
	ID       string    `json:"id"` // our ref
	To       string    `json:"to"` // with +
	Text     string    `json:"text"`
	Expires  time.Time `json:"expires_at"`
	Callback string    `json:"callback"`

	Step     string    `json:"-"`
	Accepted bool      `json:"-"`
	At       time.Time `json:"-"`
}

// Gateway is a stand-in for a gateway behind SMS_WEBHOOK_URL that does as a script says.
// It refuses what is not signed.
type Gateway struct {
	http   *httptest.Server
	secret []byte
	done   chan struct{}
	stop   sync.Once

	mu       sync.Mutex
	script   script
	skew     time.Duration
	received []GatewayMessage
}

// NewGateway starts a stand-in with a secret (whsec_…); close it when the test ends.
func NewGateway(secret string, steps ...Step) *Gateway {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic("the secret of a test's gateway is not base64")
	}
	g := &Gateway{secret: raw, script: slices.Clone(steps), done: make(chan struct{})}
	g.http = httptest.NewServer(g)
	return g
}

// URL is what SMS_WEBHOOK_URL wants.
func (g *Gateway) URL() string { return g.http.URL + "/send" }

// Close lets hanging requests go and stops the server.
func (g *Gateway) Close() {
	g.stop.Do(func() { close(g.done) })
	g.http.Close()
}

// Script replaces what is left of the script.
func (g *Gateway) Script(steps ...Step) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.script = slices.Clone(steps)
}

// Skew makes the clock behind the signatures wrong.
func (g *Gateway) Skew(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.skew = d
}

// Received returns every message that came in signed, in order, refused ones included.
func (g *Gateway) Received() []GatewayMessage {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.received)
}

// Accepted returns the messages a phone would have got, in order.
func (g *Gateway) Accepted() []GatewayMessage {
	return slices.DeleteFunc(g.Received(), func(m GatewayMessage) bool { return !m.Accepted })
}

func (g *Gateway) signature(id, timestamp string, body []byte) string {
	h := hmac.New(sha256.New, g.secret)
	_, _ = fmt.Fprintf(h, "%s.%s.%s", id, timestamp, body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// ServeHTTP takes a message.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	id, timestamp := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
	seconds, _ := strconv.ParseInt(timestamp, 10, 64)
	age := time.Since(time.Unix(seconds, 0)).Abs()
	if r.Method != http.MethodPost || r.Header.Get("webhook-signature") != g.signature(id, timestamp, raw) ||
		age > time.Minute {
		http.Error(w, "not signed", http.StatusUnauthorized)
		return
	}
	var m GatewayMessage
	if json.Unmarshal(raw, &m) != nil || m.Type != "code.send" || m.ID != id || !strings.HasPrefix(m.To, "+") ||
		m.Text == "" {
		http.Error(w, "not a message", http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	step := g.script.next()
	m.Step, m.Accepted, m.At = step.name, step.accepts, time.Now()
	g.received = append(g.received, m)
	number := len(g.received)
	g.mu.Unlock()
	step.serve(reply{w: w, r: r, done: g.done, to: m.To, accept: func() {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]string{
			"id": gatewayID(number), "price": somePrice, "currency": "EUR", "network": "20408",
		})
	}})
}

func gatewayID(number int) string { return fmt.Sprintf("gw-%06d", number) }

// Deliver posts receipts about the message of that number (from 1) to an address, and returns
// the HTTP status of every answer, 0 for none.
func (g *Gateway) Deliver(address string, number int, statuses ...string) []int {
	m := g.Received()[number-1]
	var answers []int
	for i, status := range statuses {
		raw, _ := json.Marshal(map[string]any{"type": "message.status", "timestamp": time.Now().UTC(),
			"data": map[string]string{
				"ref": m.ID, "id": gatewayID(number), "status": status, "error_code": "", "network": "20408",
			}})
		g.mu.Lock()
		timestamp := strconv.FormatInt(time.Now().Add(g.skew).Unix(), 10)
		g.mu.Unlock()
		id := fmt.Sprintf("evt_%d_%d", number, i)
		header := http.Header{"Content-Type": {"application/json"}}
		header.Set("webhook-id", id)
		header.Set("webhook-timestamp", timestamp)
		header.Set("webhook-signature", g.signature(id, timestamp, raw))
		code, _ := send(address, raw, header)
		answers = append(answers, code)
	}
	return answers
}
