package sms

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" // #nosec G501 -- Vonage's oldest signature; only where the operator configured it
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// VonageReceipts reads the receipts of Vonage's SMS API.
type VonageReceipts struct {
	secret *string
	method string // sha256, sha512 or md5
}

// NewVonageReceipts takes the account's signature secret, and the method that is set in its
// dashboard: sha256 when empty, sha512, or md5, which is a hash and no HMAC.
func NewVonageReceipts(secret, method string) (*VonageReceipts, error) {
	if err := checkSignatureSecret(secret); err != nil {
		return nil, err
	}
	switch method = strings.ToLower(method); method {
	case "":
		method = "sha256"
	case "sha256", "sha512", "md5":
	default:
		return nil, errors.New("VONAGE_SIGNATURE_METHOD must be sha256, sha512 or md5, as in Vonage's dashboard")
	}
	return &VonageReceipts{&secret, method}, nil
}

func checkSignatureSecret(secret string) error {
	if len(secret) < 16 || strings.ContainsFunc(secret, notVisible) {
		return errors.New("VONAGE_SIGNATURE_SECRET must be the signature secret of Vonage's dashboard: 16 characters or " +
			"more, without blanks")
	}
	return nil
}

// Read checks and reads one receipt, posted as a form or as JSON. It returns ErrMalformed,
// ErrSignature or ErrStale.
func (v *VonageReceipts) Read(header http.Header, body []byte, now time.Time) (Receipt, error) {
	fields, err := readFields(header, body)
	if err != nil {
		return Receipt{}, err
	}
	given, err := hex.DecodeString(fields["sig"])
	if err != nil || subtle.ConstantTimeCompare(given, v.sign(fields)) != 1 {
		return Receipt{}, ErrSignature
	}
	if at, ok := vonageTime(fields["timestamp"]); !ok || !fresh(at, now) {
		return Receipt{}, ErrStale
	}
	if fields["status"] == "" {
		return Receipt{}, ErrMalformed
	}
	private := []string{fields["msisdn"], fields["to"]}
	r := Receipt{
		Provider: "vonage", ProviderID: safe(fields["messageId"], idShape, private...),
		Ref:    safe(fields["client-ref"], refShape),
		Status: ours(fields["status"]), ErrorCode: noCode(safe(fields["err-code"], errorCodeShape, private...)),
		Network: safe(fields["network-code"], networkShape, private...),
	}
	r.Reason = carrierErrors[r.ErrorCode]
	return r, nil
}

// noCode: Vonage writes "0" where nothing went wrong.
func noCode(code string) string {
	if code == "0" {
		return ""
	}
	return code
}

// underscore: & and = in a value become _, so that no value can look like another field.
var underscore = strings.NewReplacer("&", "_", "=", "_")

// sign makes the signature that Vonage would: every field but sig, sorted by name.
func (v *VonageReceipts) sign(fields map[string]string) []byte {
	names := make([]string, 0, len(fields))
	for name := range fields {
		if name != "sig" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var h hash.Hash
	switch v.method {
	case "md5":
		h = md5.New() // #nosec G401 -- see above
	case "sha512":
		h = hmac.New(sha512.New, []byte(*v.secret))
	default:
		h = hmac.New(sha256.New, []byte(*v.secret))
	}
	for _, name := range names {
		_, _ = io.WriteString(h, "&"+name+"="+underscore.Replace(fields[name]))
	}
	if v.method == "md5" {
		_, _ = io.WriteString(h, *v.secret)
	}
	return h.Sum(nil)
}

// fieldName is what Vonage's fields are called. The signature replaces & and = in values
// alone: were they allowed in a name, two fields of a recorded receipt could be joined to
// one under the same signature.
var fieldName = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,64}$`)

// readFields reads a form, or a flat JSON object. A field given twice is ambiguous, and
// Vonage gives none twice.
func readFields(header http.Header, body []byte) (map[string]string, error) {
	fields := map[string]string{}
	add := func(name, value string) bool {
		_, twice := fields[name]
		fields[name] = value
		return !twice && fieldName.MatchString(name)
	}
	media, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if media != "application/json" {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, ErrMalformed // err would quote the field
		}
		for name, values := range form {
			if len(values) != 1 || !add(name, values[0]) {
				return nil, ErrMalformed
			}
		}
		return fields, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, ErrMalformed
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, ErrMalformed
		}
		value, err := decoder.Token()
		if err != nil {
			return nil, ErrMalformed
		}
		var text string
		switch v := value.(type) {
		case string:
			text = v
		case json.Number:
			text = v.String()
		case bool:
			text = strconv.FormatBool(v)
		case nil: // as if it were not there: under a signature it has nothing to say
			continue
		default: // what is not flat
			return nil, ErrMalformed
		}
		if name, ok := name.(string); !ok || !add(name, text) {
			return nil, ErrMalformed
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, ErrMalformed
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrMalformed // something behind it
	}
	return fields, nil
}

// vonageTime reads the time of a signature: Unix seconds, or a date in UTC.
func vonageTime(text string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0), true
	}
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04:05 -0700", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// Format and LogValue keep the secrets out of logs, whatever the verb.
func (v VonageReceipts) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, "vonage receipts") }

func (v VonageReceipts) LogValue() slog.Value { return slog.StringValue("vonage receipts") }
