package smstest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Call is one request to the Voice API as it came in. The token is not kept.
type Call struct {
	UUID        string          `json:"uuid"` // what it is given when it is accepted
	To          string          `json:"to"`   // as sent: without +
	From        string          `json:"from"`
	Ref         string          `json:"ref"`       // the last part of EventURL
	Prompt      string          `json:"prompt"`    // what is said until a key is pressed
	Language    string          `json:"language"`  // of the voice
	EventURL    string          `json:"event_url"` // where the call's events go
	KeyURL      string          `json:"key_url"`   // where a pressed key goes
	Ringing     int             `json:"ringing_timer"`
	Machine     string          `json:"machine_detection"`
	Application string          `json:"application"` // by the token
	Raw         json.RawMessage `json:"-"`           // the whole body

	Step     string    `json:"step"`
	Accepted bool      `json:"accepted"` // a phone would have rung
	At       time.Time `json:"at"`
}

// Voice is a stand-in for Vonage's Voice API that does as a script says; its steps are
// those of the SMS API, as far as they speak HTTP. A test takes the call by [Voice.Press]
// and [Voice.Event].
type Voice struct {
	http *httptest.Server
	done chan struct{}
	stop sync.Once

	mu       sync.Mutex
	script   script
	secret   string // signs events; "" leaves them unsigned
	skew     time.Duration
	onCall   func(Call)
	received []Call
}

// NewVoice starts a stand-in; close it when the test ends.
func NewVoice(steps ...Step) *Voice {
	v := &Voice{script: slices.Clone(steps), done: make(chan struct{})}
	v.http = httptest.NewServer(v)
	return v
}

// BaseURL is what VONAGE_VOICE_BASE_URL wants.
func (v *Voice) BaseURL() string { return v.http.URL + "/v1/calls" }

// Close lets hanging requests go and stops the server.
func (v *Voice) Close() {
	v.stop.Do(func() { close(v.done) })
	v.http.Close()
}

// Script replaces what is left of the script.
func (v *Voice) Script(steps ...Step) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.script = slices.Clone(steps)
}

// Sign makes events signed, as Vonage does.
func (v *Voice) Sign(secret string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.secret = secret
}

// Skew makes the clock behind the signatures wrong.
func (v *Voice) Skew(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.skew = d
}

// OnCall has accepted calls taken: answer is told of each once it was answered, in a goroutine
// of its own, and may press keys and post events.
func (v *Voice) OnCall(answer func(Call)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.onCall = answer
}

// Received returns every call that was asked for, in order, refused ones included.
func (v *Voice) Received() []Call {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.received)
}

// ServeHTTP takes a call the way POST /v1/calls does, and is as strict where that finds faults.
func (v *Voice) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/v1/calls" {
		http.NotFound(w, r)
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	c, fault := readCall(raw, r.Header.Get("Authorization"))
	step, answer := v.take(&c, fault)
	if c.Accepted && answer != nil {
		defer func() { go answer(c) }()
	}
	step.serve(reply{w: w, r: r, done: v.done, to: c.To, accept: func() {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]string{
			"uuid": c.UUID, "status": "started", "direction": "outbound", "conversation_uuid": "CON-" + c.UUID,
		})
	}})
}

func (v *Voice) take(c *Call, fault int) (Step, func(Call)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	step := HTTP(fault)
	if fault == 0 {
		step = v.script.next()
	}
	c.UUID = fmt.Sprintf("63f61863-4a51-4f6b-86e1-%012x", len(v.received)+1)
	c.Step, c.Accepted, c.At = step.name, step.accepts, time.Now()
	v.received = append(v.received, *c)
	return step, v.onCall
}

// readCall returns the call, or the HTTP status of what is wrong with it.
func readCall(raw []byte, authorization string) (Call, int) {
	var request struct {
		To []struct {
			Type, Number string
		}
		From struct {
			Type, Number string
		}
		NCCO             []map[string]any
		EventURL         []string `json:"event_url"`
		EventMethod      string   `json:"event_method"`
		MachineDetection string   `json:"machine_detection"`
		RingingTimer     int      `json:"ringing_timer"`
	}
	c := Call{Raw: raw}
	if json.Unmarshal(raw, &request) != nil || len(request.To) != 1 || len(request.NCCO) == 0 ||
		len(request.EventURL) != 1 || request.EventMethod != http.MethodPost {
		return c, http.StatusBadRequest
	}
	c.To, c.From, c.Ringing, c.Machine = request.To[0].Number, request.From.Number, request.RingingTimer,
		request.MachineDetection
	c.EventURL, c.Ref = request.EventURL[0], path.Base(request.EventURL[0])
	for _, action := range request.NCCO {
		switch action["action"] {
		case "talk":
			c.Prompt += fmt.Sprint(action["text"])
			c.Language = fmt.Sprint(action["language"])
		case "input":
			urls, _ := action["eventUrl"].([]any)
			kinds, _ := action["type"].([]any)
			if len(urls) != 1 || len(kinds) != 1 || kinds[0] != "dtmf" {
				return c, http.StatusBadRequest
			}
			c.KeyURL = fmt.Sprint(urls[0])
		default:
			return c, http.StatusBadRequest
		}
	}
	if strings.Trim(c.To, "0123456789") != "" || strings.Trim(c.From, "0123456789") != "" || c.To == "" || c.From == "" {
		return c, http.StatusBadRequest
	}
	token, found := strings.CutPrefix(authorization, "Bearer ")
	claims := jwt.MapClaims{}
	// Whose key signed it is not checked: that the SDK can sign is not what is tested.
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); !found || err != nil {
		return c, http.StatusUnauthorized
	}
	if c.Application, _ = claims["application_id"].(string); c.Application == "" {
		return c, http.StatusUnauthorized
	}
	return c, 0
}

// Press presses keys in a call ("" is nobody pressing one in time) and returns the HTTP status
// of the answer, 0 for none, and the NCCO in it.
func (v *Voice) Press(c Call, digits string) (int, []byte) {
	return v.tell(c.KeyURL, map[string]any{
		"dtmf": map[string]any{"digits": digits, "timed_out": digits == ""}, "speech": map[string]any{"results": []any{}},
		"from": c.From, "to": c.To, "uuid": c.UUID, "conversation_uuid": "CON-" + c.UUID,
		"timestamp": time.Now().UTC().Format(time.RFC3339Nano),
	})
}

// Event posts how a call goes (ringing, answered, busy, completed …) and returns the HTTP
// status of the answer, 0 for none.
func (v *Voice) Event(c Call, status string) int {
	code, _ := v.tell(c.EventURL, map[string]any{
		"from": c.From, "to": c.To, "uuid": c.UUID, "conversation_uuid": "CON-" + c.UUID, "status": status,
		"direction": "outbound",
		"timestamp": time.Now().UTC().Format(time.RFC3339Nano),
	})
	return code
}

func (v *Voice) tell(address string, event map[string]any) (int, []byte) {
	raw, _ := json.Marshal(event)
	v.mu.Lock()
	secret, now := v.secret, time.Now().Add(v.skew)
	v.mu.Unlock()
	header := http.Header{"Content-Type": {"application/json"}}
	if secret != "" {
		header.Set("Authorization", "Bearer "+EventToken(secret, raw, now))
	}
	return send(address, raw, header)
}

// EventToken is the token with which Vonage signs an event.
func EventToken(secret string, body []byte, now time.Time) string {
	sum := sha256.Sum256(body)
	token, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iat": now.Unix(), "jti": fmt.Sprintf("%x", sum[:8]), "iss": "Vonage", "payload_hash": hex.EncodeToString(sum[:]),
		"api_key": "abcd1234", "application_id": "1c4bb2f6-0c9f-4e4c-9a53-2b3c7a4d5e6f",
	}).SignedString([]byte(secret))
	return token
}

// Talk is what an NCCO says.
func Talk(ncco []byte) string {
	var actions []struct{ Action, Text string }
	_ = json.Unmarshal(ncco, &actions)
	var said []string
	for _, a := range actions {
		if a.Action == "talk" {
			said = append(said, a.Text)
		}
	}
	return strings.Join(said, " ")
}
