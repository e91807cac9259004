package smstest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" // #nosec G501 -- one of Vonage's signature methods
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Receipt is what the carrier reports about a message.
type Receipt struct {
	Status  string        // delivered, expired, failed, rejected, accepted, buffered, unknown
	ErrCode string        // "0" when empty
	After   time.Duration // waited before it is posted
	Early   bool          // posted before the send is answered
	Times   int           // posted so often; 0 is once
}

// ParseReceipts reads receipts between ">", each a status with an optional wait, such as
// buffered>delivered:3s. early- before a status posts it before the send is answered, and
// 34@ before it all sets the err-code.
func ParseReceipts(script string) ([]Receipt, error) {
	var receipts []Receipt
	for word := range strings.SplitSeq(script, ">") {
		r := Receipt{}
		rest := strings.TrimSpace(word)
		if code, after, found := strings.Cut(rest, "@"); found {
			r.ErrCode, rest = code, after
		}
		rest, r.Early = strings.CutPrefix(rest, "early-")
		status, wait, waits := strings.Cut(rest, ":")
		if waits {
			d, err := time.ParseDuration(wait)
			if err != nil {
				return nil, fmt.Errorf("receipt %q: want a time behind the :, such as delivered:3s", word)
			}
			r.After = d
		}
		if !slices.Contains([]string{"delivered", "expired", "failed", "rejected", "accepted", "buffered", "unknown"},
			status) {
			return nil, fmt.Errorf("receipt %q: not a status of a receipt", word)
		}
		r.Status = status
		receipts = append(receipts, r)
	}
	return receipts, nil
}

// reporting is how receipts are posted.
type reporting struct {
	secret, method string
	json           bool
	always         []Receipt
	skew           time.Duration
}

// Sign makes receipts signed: by sha256, sha512 or md5. Without it they are not.
func (s *Stub) Sign(secret, method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reporting.secret, s.reporting.method = secret, method
}

// PostJSON makes receipts JSON; without it they are forms.
func (s *Stub) PostJSON() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reporting.json = true
}

// Skew makes the clock behind the signatures wrong.
func (s *Stub) Skew(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reporting.skew = d
}

// Report is what the carrier reports about every accepted message whose step says nothing.
func (s *Stub) Report(receipts ...Receipt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reporting.always = slices.Clone(receipts)
}

// Deliver posts receipts about a message now, one after the other, each with its own wait,
// and returns the HTTP status of every answer, 0 for none. A test reorders by what it asks.
func (s *Stub) Deliver(m Message, receipts ...Receipt) []int { return s.post(m, receipts) }

// reported are the receipts of a message before and after its answer.
func (s *Stub) reported(m Message, step Step) (early, later []Receipt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	receipts := step.receipts
	if receipts == nil && m.Accepted {
		receipts = s.reporting.always
	}
	for _, r := range receipts {
		if r.Early {
			early = append(early, r)
		} else {
			later = append(later, r)
		}
	}
	return early, later
}

func (s *Stub) post(m Message, receipts []Receipt) []int {
	s.mu.Lock()
	how := s.reporting
	s.mu.Unlock()
	var answers []int
	for _, r := range receipts {
		if m.Callback == "" || !sleep(r.After, s.done) {
			break
		}
		for range max(r.Times, 1) {
			body, media := how.receipt(m, r, time.Now().Add(how.skew))
			code, _ := send(m.Callback, body, http.Header{"Content-Type": {media}})
			answers = append(answers, code)
		}
	}
	return answers
}

// receipt is one receipt as Vonage posts it.
func (how reporting) receipt(m Message, r Receipt, now time.Time) (body []byte, media string) {
	code := r.ErrCode
	if code == "" {
		code = "0"
	}
	fields := map[string]string{
		"msisdn": m.To, "to": m.From, "network-code": "20408", "messageId": m.ID, "price": somePrice, "status": r.Status,
		"scts": now.UTC().Format("0601021504"), "err-code": code, "api-key": "abcd1234", "client-ref": m.Ref,
		"message-timestamp": now.UTC().Format(time.DateTime),
	}
	if how.secret != "" {
		fields["timestamp"], fields["nonce"] = strconv.FormatInt(now.Unix(), 10), "b8f3a2c4-5d1e-4f7a-9c60-2e8d7b1a4f35"
		fields["sig"] = how.signature(fields)
	}
	if how.json {
		raw, _ := json.Marshal(fields)
		return raw, "application/json"
	}
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	return []byte(form.Encode()), "application/x-www-form-urlencoded"
}

func (how reporting) signature(fields map[string]string) string {
	pairs := make([]string, 0, len(fields))
	for name, value := range fields {
		pairs = append(pairs, "&"+name+"="+strings.NewReplacer("&", "_", "=", "_").Replace(value))
	}
	slices.Sort(pairs)
	text := strings.Join(pairs, "")
	var h hash.Hash
	switch how.method {
	case "md5":
		sum := md5.Sum([]byte(text + how.secret)) // #nosec G401 -- see above
		return hex.EncodeToString(sum[:])
	case "sha512":
		h = hmac.New(sha512.New, []byte(how.secret))
	default:
		h = hmac.New(sha256.New, []byte(how.secret))
	}
	_, _ = io.WriteString(h, text)
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

// sleep reports whether the time went by before done.
func sleep(d time.Duration, done <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-done:
		return false
	}
}

// send posts to whoever asked for it, and returns the status (0 for no answer) and the body.
func send(address string, body []byte, header http.Header) (int, []byte) {
	req, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(body)) //nolint:noctx // bounded by the client
	if err != nil {
		return 0, nil
	}
	req.Header = header
	client := http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = res.Body.Close() }()
	raw, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, raw
}
