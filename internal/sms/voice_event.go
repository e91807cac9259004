package sms

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// VoiceEvents reads what Vonage posts about a call: how it goes, and the key that was
// pressed.
type VoiceEvents struct{ secret *[]byte }

// NewVoiceEvents takes the account's signature secret.
func NewVoiceEvents(secret string) (*VoiceEvents, error) {
	if err := checkSignatureSecret(secret); err != nil {
		return nil, err
	}
	raw := []byte(secret)
	return &VoiceEvents{&raw}, nil
}

// claims are those of Vonage's token that are looked at. It has no exp; iat and the hash of
// the body bind it to one request of just now.
type claims struct {
	jwt.RegisteredClaims
	PayloadHash string `json:"payload_hash"`
}

// check returns ErrSignature or ErrStale, or nil.
func (v *VoiceEvents) check(header http.Header, body []byte, now time.Time) error {
	scheme, token, found := strings.Cut(header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return ErrSignature
	}
	var c claims
	// The method is named: a token says itself how it is signed, and "none" is a way, too.
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithoutClaimsValidation())
	if _, err := parser.ParseWithClaims(strings.TrimSpace(token), &c, func(*jwt.Token) (any, error) {
		return *v.secret, nil
	}); err != nil {
		return ErrSignature
	}
	hash, sum := make([]byte, 0, sha256.Size), sha256.Sum256(body)
	hash, err := hex.AppendDecode(hash, []byte(c.PayloadHash))
	if err != nil || subtle.ConstantTimeCompare(hash, sum[:]) != 1 {
		return ErrSignature
	}
	if c.IssuedAt == nil || !fresh(c.IssuedAt.Time, now) || c.ExpiresAt != nil && c.ExpiresAt.Before(now) {
		return ErrStale
	}
	return nil
}

// callStatuses are Vonage's words for how a call goes (developer.vonage.com/en/voice/voice-api/webhook-reference).
// started and ringing are what everybody expects; completed says nothing of the key.
var callStatuses = map[string]ReceiptStatus{
	"started": "", "ringing": "", "completed": "", "disconnected": "", "record": "", "input": "", "transfer": "",
	"answered": Answered, "human": Answered,
	"busy": Rejected, "timeout": Rejected, "unanswered": Rejected, "rejected": Rejected, "cancelled": Rejected,
	"machine": Rejected,
	"failed":  Failed,
}

// Read checks and reads one event of a call. ref is that of the send where the address had
// one, else "". It returns ErrSignature, ErrStale, ErrMalformed, or ErrNothing for an event
// that changes nothing.
func (v *VoiceEvents) Read(header http.Header, body []byte, now time.Time, ref string) (Receipt, error) {
	if err := v.check(header, body, now); err != nil {
		return Receipt{}, err
	}
	event, err := readObject(body)
	if err != nil || event == nil {
		return Receipt{}, ErrMalformed
	}
	id := safe(word(event["uuid"]), uuidShape)
	if word(event["status"]) == "" || id == "" && ref == "" {
		return Receipt{}, ErrMalformed
	}
	status, known := callStatuses[word(event["status"])]
	if !known || status == "" {
		return Receipt{}, ErrNothing
	}
	return Receipt{
		Provider: "voice", ProviderID: id, Ref: safe(ref, refShape), Status: status,
		ErrorCode: safe(word(event["sip_code"]), errorCodeShape), Network: safe(word(event["network"]), networkShape),
	}, nil
}

// uuidShape is a call's id: nothing that could be a number.
var uuidShape = regexp.MustCompile(`^[0-9a-zA-Z]{4,}(-[0-9a-zA-Z]{1,32}){1,6}$`)

// Key reads the answer to the prompt: whether a key was pressed, and the call's id. pressed
// is false when nobody pressed one in time. It returns ErrSignature or ErrStale, or
// ErrMalformed for what is no such event.
func (v *VoiceEvents) Key(header http.Header, body []byte, now time.Time) (id string, pressed bool, err error) {
	if err := v.check(header, body, now); err != nil {
		return "", false, err
	}
	event, err := readObject(body)
	if err != nil || event["dtmf"] == nil {
		return "", false, ErrMalformed
	}
	// {"digits":"1","timed_out":false} today, "1" from older applications.
	digits := event["dtmf"]
	if now, err := readObject(digits); err == nil {
		digits = now["digits"]
	}
	return safe(word(event["uuid"]), uuidShape), word(digits) != "", nil
}

// IsKey reports whether a body is the answer to the prompt and not another event of a call;
// both come to one address. It checks no signature.
func IsKey(body []byte) bool {
	var event map[string]json.RawMessage
	return json.Unmarshal(body, &event) == nil && event["dtmf"] != nil
}

// Format and LogValue keep the secret out of logs, whatever the verb.
func (v VoiceEvents) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, "voice events") }

func (v VoiceEvents) LogValue() slog.Value { return slog.StringValue("voice events") }
