package sms

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

const (
	testSignature = "kanary-signature-5512"
	testRef       = "abcdefghijklmnopqrstuvwxyz.2"
)

// mailbox is an address that receipts are posted to.
type mailbox struct {
	http *httptest.Server
	mu   sync.Mutex
	got  []posted
}

type posted struct {
	header http.Header
	body   []byte
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	m := &mailbox{}
	m.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.got = append(m.got, posted{r.Header.Clone(), body.Bytes()})
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(m.http.Close)
	return m
}

func (m *mailbox) posts() []posted {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]posted{}, m.got...)
}

// Vonage's own package is the judge: see testdata/record.mjs.
func TestSignaturesAreJudgedAsVonagesPackageDoes(t *testing.T) {
	file, err := os.Open("testdata/vonage_sms_1.24.1.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	now := time.Date(2026, 11, 26, 9, 2, 30, 0, time.UTC)
	seen := map[string]int{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var row struct {
			Name, Method, Secret string
			Fields               map[string]string
			Valid                bool
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if row.Name == "" {
			continue // the note
		}
		reader, err := NewVonageReceipts(row.Secret, row.Method)
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{}
		for name, value := range row.Fields {
			form.Set(name, value)
		}
		raw, _ := json.Marshal(row.Fields)
		for media, body := range map[string][]byte{"application/x-www-form-urlencoded": []byte(form.Encode()),
			"application/json; charset=utf-8": raw} {
			r, err := reader.Read(http.Header{"Content-Type": {media}}, body, now)
			if row.Valid && (err != nil || string(r.Status) != row.Fields["status"]) || !row.Valid &&
				!errors.Is(err, ErrSignature) {
				t.Errorf("%s, %s, as %s: %+v, %v; Vonage says %t", row.Method, row.Name, media, r, err, row.Valid)
			}
		}
		seen[row.Method+" "+strconv.FormatBool(row.Valid)]++
	}
	for _, method := range []string{"sha256", "sha512", "md5"} {
		if seen[method+" true"] < 30 || seen[method+" false"] < 60 {
			t.Errorf("the recording has %v", seen)
		}
	}
}

// receipts makes a signed receipt of the stand-in, and a reader for it.
func receipts(t *testing.T, change func(*smstest.Server), r ...smstest.Receipt) []posted {
	t.Helper()
	box := newMailbox(t)
	server := smstest.NewServer()
	t.Cleanup(server.Close)
	server.Sign(testSignature, "sha256")
	if change != nil {
		change(server)
	}
	m := smstest.Message{To: testTo[1:], From: "Nightlatch", Ref: testRef, ID: "0A0000001234ABCD", Callback: box.http.URL}
	for _, code := range server.Deliver(m, r...) {
		if code != http.StatusNoContent {
			t.Fatalf("the receipt was answered with %d", code)
		}
	}
	return box.posts()
}

func vonageReader(t *testing.T, method string) *VonageReceipts {
	t.Helper()
	reader, err := NewVonageReceipts(testSignature, method)
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

func TestAReceiptSaysWhatBecameOfASendAndHoldsNoNumber(t *testing.T) {
	for _, way := range []struct {
		name   string
		change func(*smstest.Server)
		method string
	}{
		{"form", nil, ""},
		{"json", func(s *smstest.Server) { s.PostJSON() }, "sha256"},
		{"sha512", func(s *smstest.Server) { s.Sign(testSignature, "sha512") }, "SHA512"},
		{"md5", func(s *smstest.Server) { s.Sign(testSignature, "md5") }, "md5"},
	} {
		for _, status := range []ReceiptStatus{Delivered, Accepted, Buffered, Expired, Failed, Rejected, Uncertain} {
			p := receipts(t, way.change, smstest.Receipt{Status: string(status), ErrCode: "34"})[0]
			r, err := vonageReader(t, way.method).Read(p.header, p.body, time.Now())
			want := Receipt{"vonage", "0A0000001234ABCD", testRef, status, "34", "", "20408"}
			if err != nil || r != want {
				t.Errorf("%s, %s: %+v, %v", way.name, status, r, err)
			}
			if strings.Contains(fmt.Sprintf("%+v", r), testTo[1:]) {
				t.Errorf("%s: the receipt holds the number", way.name)
			}
		}
	}
	p := receipts(t, nil, smstest.Receipt{Status: "delivered"})[0]
	if r, err := vonageReader(t, "").Read(p.header, p.body, time.Now()); err != nil || r.ErrorCode != "" {
		t.Errorf("without an error the code is %q, %v", r.ErrorCode, err)
	}
}

func TestOnlyTheConfiguredMethodCounts(t *testing.T) {
	for _, made := range []string{"md5", "sha256", "sha512"} {
		p := receipts(t, func(s *smstest.Server) { s.Sign(testSignature, made) }, smstest.Receipt{Status: "delivered"})[0]
		for _, method := range []string{"", "md5", "sha256", "sha512"} {
			_, err := vonageReader(t, method).Read(p.header, p.body, time.Now())
			if right := method == made || method == "" && made == "sha256"; right != (err == nil) || !right &&
				!errors.Is(err, ErrSignature) {
				t.Errorf("made by %s, read by %q: %v", made, method, err)
			}
		}
	}
}

func TestAReceiptThatIsNotVonagesIsRefused(t *testing.T) {
	now := time.Now()
	reader := vonageReader(t, "")
	signed := func(fields map[string]string) []byte {
		form := url.Values{}
		for name, value := range fields {
			form.Set(name, value)
		}
		form.Set("sig", fmt.Sprintf("%x", reader.sign(fields)))
		return []byte(form.Encode())
	}
	stamp := func(at time.Time) map[string]string {
		return map[string]string{"status": "delivered", "timestamp": strconv.FormatInt(at.Unix(), 10), "client-ref": testRef}
	}
	asJSON := func(fields map[string]string, rest string) []byte {
		signature := fmt.Sprintf("%x", reader.sign(fields))
		fields["sig"] = signature
		object, _ := json.Marshal(fields)
		return append(bytes.TrimSuffix(object, []byte("}")), rest...)
	}
	good := signed(stamp(now))
	with := func(name, value string) map[string]string {
		fields := stamp(now)
		fields[name] = value
		return fields
	}
	for name, row := range map[string]struct {
		media string
		body  []byte
		err   error
	}{
		"good":                {"", good, nil},
		"5 minutes old":       {"", signed(stamp(now.Add(-tolerance + 2*time.Second))), nil},
		"older":               {"", signed(stamp(now.Add(-tolerance - 2*time.Second))), ErrStale},
		"5 minutes ahead":     {"", signed(stamp(now.Add(tolerance - 2*time.Second))), nil},
		"further ahead":       {"", signed(stamp(now.Add(tolerance + 2*time.Second))), ErrStale},
		"a date":              {"", signed(with("timestamp", now.UTC().Format(time.DateTime))), nil},
		"a date with a zone":  {"", signed(with("timestamp", now.UTC().Format("2006-01-02 15:04:05 -0700"))), nil},
		"an old date":         {"", signed(with("timestamp", "2020-01-01 12:00:00")), ErrStale},
		"no time":             {"", signed(with("timestamp", "")), ErrStale},
		"another time":        {"", signed(with("timestamp", "now")), ErrStale},
		"an endless time":     {"", signed(with("timestamp", "99999999999999999999999")), ErrStale},
		"no status":           {"", signed(with("status", "")), ErrMalformed},
		"a field more":        {"", append(bytes.Clone(good), "&x=1"...), ErrSignature},
		"a field twice":       {"", append(bytes.Clone(good), "&status=failed"...), ErrMalformed},
		"the signature twice": {"", append(bytes.Clone(good), "&sig=00"...), ErrMalformed},
		"two fields joined to one": {"", bytes.Replace(good, []byte("client-ref="+testRef),
			[]byte("client-ref%3D"+testRef+"%26nonce=1"), 1), ErrMalformed},
		"no signature": {"", []byte("status=delivered&timestamp=" + strconv.FormatInt(now.Unix(), 10)),
			ErrSignature},
		"an empty signature":     {"", []byte("status=delivered&sig="), ErrSignature},
		"nothing":                {"", nil, ErrSignature},
		"not a form":             {"", []byte("%zz"), ErrMalformed},
		"json as a form":         {"", []byte(`{"status":"delivered"}`), ErrMalformed},
		"not json":               {"application/json", []byte("status=delivered"), ErrMalformed},
		"a list":                 {"application/json", []byte(`[{"status":"delivered"}]`), ErrMalformed},
		"null":                   {"application/json", []byte(`null`), ErrMalformed},
		"not flat":               {"application/json", []byte(`{"status":{"a":"b"}}`), ErrMalformed},
		"a null in it":           {"application/json", []byte(`{"status":null}`), ErrSignature},
		"a null for a list":      {"application/json", []byte(`{"status":[null]}`), ErrMalformed},
		"a null in a signed one": {"application/json", asJSON(stamp(now), `,"network-code":null}`), nil},
		"a key twice":            {"application/json", []byte(`{"sig":"00","sig":"01"}`), ErrMalformed},
		"cut off":                {"application/json", []byte(`{"status":"delivered"`), ErrMalformed},
		"something behind":       {"application/json", []byte(`{"status":"delivered"}{}`), ErrMalformed},
		"unsigned json":          {"application/json", []byte(`{"status":"delivered","price":0.07,"x":true}`), ErrSignature},
	} {
		header := http.Header{}
		if row.media != "" {
			header.Set("Content-Type", row.media)
		}
		r, err := reader.Read(header, row.body, now)
		if !errors.Is(err, row.err) || (err != nil) != (r == Receipt{}) {
			t.Errorf("%s: %+v, %v; want %v", name, r, err, row.err)
		}
	}
}

func TestOnlySafeShapesOfAReceiptAreKept(t *testing.T) {
	reader := vonageReader(t, "")
	now := time.Now()
	for _, value := range []string{testTo, testTo[1:], "<b>", strings.Repeat("9", 80), "a b", "é"} {
		fields := map[string]string{
			"msisdn": testTo[1:], "status": value, "timestamp": strconv.FormatInt(now.Unix(), 10),
			"messageId": value, "client-ref": value, "err-code": value, "network-code": value,
		}
		form := url.Values{"sig": {fmt.Sprintf("%x", reader.sign(fields))}}
		for name, v := range fields {
			form.Set(name, v)
		}
		r, err := reader.Read(http.Header{}, []byte(form.Encode()), now)
		if err != nil || r != (Receipt{Provider: "vonage", Status: Uncertain}) {
			t.Errorf("%q is kept: %+v, %v", value, r, err)
		}
	}
}

func TestReceiptsComeAsTheScriptSays(t *testing.T) {
	box := newMailbox(t)
	steps, err := smstest.Parse("0>early-accepted>buffered>6@failed:1ms")
	if err != nil {
		t.Fatal(err)
	}
	server := smstest.NewServer(steps...)
	defer server.Close()
	server.Sign(testSignature, "sha256")
	server.Report(smstest.Receipt{Status: "delivered", Times: 2})
	v, err := NewVonage(VonageConfig{
		Key: testKey, Secret: testSecret, From: "Nightlatch", BaseURL: server.BaseURL(), Callback: box.http.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	text := testText()
	text.Ref = testRef
	var ids []string
	for range 2 {
		o := v.Send(t.Context(), text)
		want(t, o, Sent, "0", "")
		if ids = append(ids, o.ProviderID); len(box.posts()) < 1 {
			t.Error("the early receipt was not there before the answer")
		}
		for i := 0; len(box.posts()) < 3*len(ids)-len(ids)/2 && i < 500; i++ {
			time.Sleep(10 * time.Millisecond)
		}
	}
	var got []string
	for _, p := range box.posts() {
		r, err := vonageReader(t, "").Read(p.header, p.body, time.Now())
		if err != nil || r.Ref != testRef {
			t.Errorf("%+v, %v", r, err)
		}
		which := "first"
		if r.ProviderID == ids[1] {
			which = "second"
		}
		got = append(got, which+" "+string(r.Status)+r.ErrorCode)
	}
	if want := "first accepted, first buffered, first failed6, second delivered, second delivered"; strings.Join(
		got, ", ") != want {
		t.Errorf("posted were %s", strings.Join(got, ", "))
	}
}

func eventReader(t *testing.T) *VoiceEvents {
	t.Helper()
	reader, err := NewVoiceEvents(testSignature)
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

func TestACallsEventsAreMapped(t *testing.T) {
	box := newMailbox(t)
	server := smstest.NewVoice()
	defer server.Close()
	server.Sign(testSignature)
	call := smstest.Call{UUID: "63f61863-4a51-4f6b-86e1-46edebcf9356", To: testTo[1:], EventURL: box.http.URL}
	for status, word := range map[string]ReceiptStatus{
		"started": "", "ringing": "", "completed": "", "something-new": "", "answered": Answered,
		"busy": Rejected, "timeout": Rejected, "unanswered": Rejected, "rejected": Rejected, "cancelled": Rejected,
		"machine": Rejected, "failed": Failed,
	} {
		server.Event(call, status)
		p := box.posts()[len(box.posts())-1]
		for _, ref := range []string{"", testRef} {
			r, err := eventReader(t).Read(p.header, p.body, time.Now(), ref)
			if word == "" {
				if !errors.Is(err, ErrNothing) {
					t.Errorf("%s: %+v, %v", status, r, err)
				}
				continue
			}
			if err != nil || r != (Receipt{Provider: "voice", ProviderID: call.UUID, Ref: ref, Status: word}) {
				t.Errorf("%s: %+v, %v", status, r, err)
			}
		}
		if IsKey(p.body) {
			t.Errorf("%s is taken for a key", status)
		}
	}
}

func TestAKeyIsOneThatWasPressed(t *testing.T) {
	box := newMailbox(t)
	server := smstest.NewVoice()
	defer server.Close()
	server.Sign(testSignature)
	call := smstest.Call{UUID: "63f61863-4a51-4f6b-86e1-46edebcf9356", To: testTo[1:], KeyURL: box.http.URL}
	for _, digits := range []string{"1", "#", ""} {
		server.Press(call, digits)
		p := box.posts()[len(box.posts())-1]
		id, pressed, err := eventReader(t).Key(p.header, p.body, time.Now())
		if err != nil || id != call.UUID || pressed != (digits != "") || !IsKey(p.body) {
			t.Errorf("%q: %q, %t, %v", digits, id, pressed, err)
		}
	}
	now := time.Now()
	for body, pressed := range map[string]bool{
		`{"dtmf":"5","timed_out":false,"uuid":"a"}`: true, `{"dtmf":"","timed_out":true}`: false, // older applications
		`{"dtmf":null}`: false, `{"dtmf":{"digits":null}}`: false, `{"dtmf":{}}`: false, `{"dtmf":[]}`: false,
		`{"dtmf":{"digits":["1"]}}`: false,
	} {
		header := http.Header{"Authorization": {"Bearer " + smstest.EventToken(testSignature, []byte(body), now)}}
		if _, got, err := eventReader(t).Key(header, []byte(body), now); err != nil || got != pressed {
			t.Errorf("%s: %t, %v", body, got, err)
		}
	}
	for _, body := range []string{`{"status":"answered"}`, `{}`, `[]`, ``, `null`} {
		header := http.Header{"Authorization": {"Bearer " + smstest.EventToken(testSignature, []byte(body), now)}}
		if _, _, err := eventReader(t).Key(header, []byte(body), now); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestAnEventThatIsNotVonagesIsRefused(t *testing.T) {
	now := time.Now()
	body := []byte(`{"status":"answered","uuid":"63f61863-4a51-4f6b-86e1-46edebcf9356"}`)
	token := func(method jwt.SigningMethod, key any, change func(jwt.MapClaims)) string {
		parsed, _, _ := jwt.NewParser().ParseUnverified(smstest.EventToken(testSignature, body, now), jwt.MapClaims{})
		c := parsed.Claims.(jwt.MapClaims)
		if change != nil {
			change(c)
		}
		signed, err := jwt.NewWithClaims(method, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + signed
	}
	hs, key := jwt.SigningMethodHS256, []byte(testSignature)
	for name, row := range map[string]struct {
		authorization string
		err           error
	}{
		"good":           {token(hs, key, nil), nil},
		"good, lower":    {"bearer " + token(hs, key, nil)[7:], nil},
		"another body":   {"Bearer " + smstest.EventToken(testSignature, []byte("{}"), now), ErrSignature},
		"another secret": {token(hs, []byte("another secret of ours"), nil), ErrSignature},
		"another method": {token(jwt.SigningMethodHS512, key, nil), ErrSignature},
		"no method":      {token(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil), ErrSignature},
		"no hash":        {token(hs, key, func(c jwt.MapClaims) { delete(c, "payload_hash") }), ErrSignature},
		"an empty hash":  {token(hs, key, func(c jwt.MapClaims) { c["payload_hash"] = "" }), ErrSignature},
		"half a hash": {token(hs, key, func(c jwt.MapClaims) {
			c["payload_hash"] = c["payload_hash"].(string)[:32]
		}), ErrSignature},
		"upper-case hash": {token(hs, key, func(c jwt.MapClaims) {
			c["payload_hash"] = strings.ToUpper(c["payload_hash"].(string))
		}), nil},
		"no time": {token(hs, key, func(c jwt.MapClaims) { delete(c, "iat") }), ErrStale},
		"old": {token(hs, key, func(c jwt.MapClaims) {
			c["iat"] = now.Add(-tolerance - 2*time.Second).Unix()
		}), ErrStale},
		"from the future": {token(hs, key, func(c jwt.MapClaims) {
			c["iat"] = now.Add(tolerance + 2*time.Second).Unix()
		}), ErrStale},
		"over":        {token(hs, key, func(c jwt.MapClaims) { c["exp"] = now.Add(-time.Second).Unix() }), ErrStale},
		"nothing":     {"", ErrSignature},
		"basic":       {"Basic " + token(hs, key, nil)[7:], ErrSignature},
		"not a token": {"Bearer x.y.z", ErrSignature},
		"huge":        {"Bearer " + strings.Repeat("a", 10000), ErrSignature},
	} {
		if _, err := eventReader(t).Read(http.Header{"Authorization": {row.authorization}}, body, now,
			""); !errors.Is(err, row.err) {
			t.Errorf("%s: %v, want %v", name, err, row.err)
		}
	}
	for _, odd := range []string{`{}`, `[]`, ``, `{"status":"answered"}`, `{"status":"answered","uuid":"` + testTo + `"}`,
		`{"status":"answered","uuid":"31612345678"}`} {
		header := http.Header{"Authorization": {"Bearer " + smstest.EventToken(testSignature, []byte(odd), now)}}
		if r, err := eventReader(t).Read(header, []byte(odd), now, ""); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v", odd, r, err)
		}
	}
}

const testWebhookSecret = "whsec_a2FuYXJ5LXdlYmhvb2stc2VjcmV0LTI0LWJ5dGVz"

func TestAGatewaysReceiptsAreRead(t *testing.T) {
	reader, err := NewWebhookReceipts(testWebhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	// The vector of the specification (github.com/standard-webhooks/standard-webhooks), body and all.
	vector, err := NewWebhookReceipts("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	for name, value := range map[string]string{
		headerID: "msg_p5jXN8AQM9LWM0D4loKWxJek", headerTimestamp: "1614265330",
		headerSignature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	} {
		header.Set(name, value)
	}
	// Its signature is right: what is wrong is that it is no receipt.
	if _, err := vector.Read(header, []byte(`{"test": 2432232314}`), time.Unix(1614265330, 0)); !errors.Is(
		err, ErrMalformed) {
		t.Errorf("the specification's vector: %v", err)
	}
	if _, err := vector.Read(header, []byte(`{"test": 2432232315}`), time.Unix(1614265330, 0)); !errors.Is(
		err, ErrSignature) {
		t.Errorf("the vector with another body: %v", err)
	}

	now := time.Now()
	body := []byte(`{"type":"message.status","data":{"ref":"` + testRef +
		`","id":"gw-1","status":"failed","error_code":"34","network":"20408","to":"` + testTo + `"}}`)
	sign := func(secret string, at time.Time, body []byte) http.Header {
		raw, _ := webhookSecret(secret)
		h := http.Header{}
		signStandard(h, raw, "evt_1", at, body)
		return h
	}
	r, err := reader.Read(sign(testWebhookSecret, now, body), body, now)
	if err != nil || r != (Receipt{"webhook", "gw-1", testRef, Failed, "34", "", "20408"}) {
		t.Errorf("%+v, %v", r, err)
	}
	two := sign(testWebhookSecret, now, body)
	two.Set(headerSignature, "v1a,AAAA v1,AAAA "+two.Get(headerSignature))
	if _, err := reader.Read(two, body, now); err != nil {
		t.Errorf("one of several signatures is right: %v", err)
	}
	other := "whsec_" + strings.Repeat("AAAA", 8)
	without := func(name string) http.Header {
		h := sign(testWebhookSecret, now, body)
		h.Del(name)
		return h
	}
	for name, row := range map[string]struct {
		header http.Header
		err    error
	}{
		"another secret":  {sign(other, now, body), ErrSignature},
		"old":             {sign(testWebhookSecret, now.Add(-tolerance-2*time.Second), body), ErrStale},
		"from the future": {sign(testWebhookSecret, now.Add(tolerance+2*time.Second), body), ErrStale},
		"no id":           {without(headerID), ErrSignature},
		"no time":         {without(headerTimestamp), ErrSignature},
		"no signature":    {without(headerSignature), ErrSignature},
	} {
		if _, err := reader.Read(row.header, body, now); !errors.Is(err, row.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for body, want := range map[string]error{
		`{"type":"account.low","data":{}}`: ErrNothing, `{"data":{"status":"failed"}}`: ErrMalformed,
		`{"type":"message.status"}`:           ErrMalformed,
		`{"type":"message.status","data":{}}`: ErrMalformed, `{"type":"message.status","data":[]}`: ErrMalformed,
		``: ErrMalformed, `null`: ErrMalformed, `x`: ErrMalformed,
		`{"type":"message.status","data":{"status":"new"}}`: nil,
	} {
		if _, err := reader.Read(sign(testWebhookSecret, now, []byte(body)), []byte(body), now); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
}

func TestWrongReceiptSettingsStopTheStart(t *testing.T) {
	for _, secret := range []string{"", "short", "has a blank in it, see"} {
		if _, err := NewVonageReceipts(secret, ""); err == nil ||
			!strings.Contains(err.Error(), "VONAGE_SIGNATURE_SECRET must be") || secret != "" &&
			strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", secret, err)
		}
		if _, err := NewVoiceEvents(secret); err == nil {
			t.Errorf("%q is taken for events", secret)
		}
	}
	for _, method := range []string{"md5hmac", "sha1", "none"} {
		if _, err := NewVonageReceipts(testSignature, method); err == nil ||
			!strings.Contains(err.Error(), "VONAGE_SIGNATURE_METHOD must be") {
			t.Errorf("%q: %v", method, err)
		}
	}
	if _, err := NewWebhookReceipts("hush"); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("a gateway's secret: %v", err)
	}
	var log strings.Builder
	hooks, _ := NewWebhookReceipts(testWebhookSecret)
	for _, reader := range []any{vonageReader(t, ""), *vonageReader(t, ""), eventReader(t),
		*eventReader(t), hooks, *hooks} {
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", reader)
		_, _ = fmt.Fprintf(&log, "%v %+v %#v %s %x", reader, reader, reader, reader, reader)
	}
	if strings.Contains(log.String(), "kanary") || strings.Contains(log.String(), fmt.Sprintf("%x", "kanary")) {
		t.Errorf("a secret is shown: %s", log.String())
	}
}

// FuzzReceipt feeds whatever may be posted to every reader. None panics, none repeats what is
// not in shape, and without the secret nothing is taken.
func FuzzReceipt(f *testing.F) {
	now := time.Unix(1795683720, 0)
	stamp := "1795683720"
	for _, body := range []string{
		"", "status=delivered&sig=00&timestamp=" + stamp, `{"status":"delivered","sig":"00","timestamp":` + stamp + `}`,
		"%zz", "a&a&a", "sig=&sig=",
		`{"dtmf":{"digits":"1"},"uuid":"63f61863-4a51-4f6b-86e1-46edebcf9356"}`,
		`{"status":"answered","uuid":"63f61863-4a51-4f6b-86e1-46edebcf9356"}`,
		`{"type":"message.status","data":{"ref":"` + testRef + `","status":"failed"}}`, `{"dtmf":"1"}`, `[[[[`,
		`{"a":{"b":[]}}`, "\x00\xff", `{"Status":"delivered"}`,
	} {
		for _, media := range []string{"application/json", "application/x-www-form-urlencoded"} {
			f.Add(media, "Bearer x.y.z", []byte(body))
			f.Add(media, "Bearer "+smstest.EventToken(testSignature, []byte(body), now), []byte(body))
		}
	}
	vonage, err1 := NewVonageReceipts(testSignature, "")
	events, err2 := NewVoiceEvents(testSignature)
	hooks, err3 := NewWebhookReceipts(testWebhookSecret)
	if err := errors.Join(err1, err2, err3); err != nil {
		f.Fatal(err)
	}
	secret, _ := webhookSecret(testWebhookSecret)
	f.Fuzz(func(t *testing.T, media, authorization string, body []byte) {
		header := http.Header{"Content-Type": {media}, "Authorization": {authorization}}
		check := func(r Receipt, err error) {
			if err != nil {
				if !errors.Is(err, ErrSignature) && !errors.Is(err, ErrStale) && !errors.Is(err, ErrMalformed) &&
					!errors.Is(err, ErrNothing) || r != (Receipt{}) {
					t.Errorf("%+v, %v", r, err)
				}
				return
			}
			if r.Ref != "" && !refShape.MatchString(r.Ref) || len(r.ErrorCode) > 8 || len(r.ProviderID) > 250 ||
				len(r.Network) > 32 ||
				ours(string(r.Status)) != r.Status && r.Status != Answered {
				t.Errorf("kept %+v", r)
			}
		}
		r, err := vonage.Read(header, body, now)
		check(r, err)
		if err == nil {
			t.Errorf("taken without the secret: %q", body)
		}
		check(hooks.Read(header, body, now))
		signStandard(header, secret, "evt", now, body)
		check(hooks.Read(header, body, now))
		check(events.Read(header, body, now, testRef))
		_, _, _ = events.Key(header, body, now)
		// Signed by the right secret, the insides are reached, too.
		header.Set("Authorization", "Bearer "+smstest.EventToken(testSignature, body, now))
		check(events.Read(header, body, now, "31612345678"))
		_, _, _ = events.Key(header, body, now)
		if fields, err := readFields(header, body); err == nil {
			fields["timestamp"] = stamp
			form := url.Values{}
			for name, value := range fields {
				form.Set(name, value)
			}
			form.Set("sig", fmt.Sprintf("%x", vonage.sign(fields)))
			header.Set("Content-Type", "application/x-www-form-urlencoded")
			check(vonage.Read(header, []byte(form.Encode()), now))
		}
	})
}
