package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/reasontest"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// Canaries: whatever happens, none of them may stand in an outcome.
const (
	testKey    = "kanary12"
	testSecret = "kanary-secret-93b1"
	testTo     = "+12025550143"
	testCode   = "493817"
)

func testText() Text {
	body := Body("Nightlatch", "login.example", testCode, func(name string) string {
		return testCode + " is your " + name + " verification code. It is valid for 5 minutes."
	})
	return Text{To: testTo, Body: body, Ref: "7.1", Life: 4 * time.Minute}
}

// sender returns a provider that talks to baseURL and gives up after timeout.
func sender(t *testing.T, baseURL string, timeout time.Duration) *Vonage {
	t.Helper()
	v, err := NewVonage(VonageConfig{
		Key: testKey, Secret: testSecret, From: "Nightlatch", BaseURL: baseURL, Timeout: timeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.transport.(*http.Transport).CloseIdleConnections)
	return v
}

// standIn starts a stand-in with a script and a provider that talks to it.
func standIn(t *testing.T, steps ...smstest.Step) (*Vonage, *smstest.Server) {
	t.Helper()
	server := smstest.NewServer(steps...)
	t.Cleanup(server.Close)
	server.Credentials(testKey, testSecret)
	return sender(t, server.BaseURL(), 5*time.Second), server
}

// want compares class, status and reason, and looks for the canaries.
func want(t *testing.T, o Outcome, class Class, status string, reason Reason) {
	t.Helper()
	if o.Class != class || o.Status != status || o.Reason != reason {
		t.Errorf("outcome is %q, %q, %q; want %q, %q, %q", o.Class, o.Status, o.Reason, class, status, reason)
	}
	noCanary(t, fmt.Sprintf("%+v %#v", o, o))
	if o.Reason != "" && !slices.Contains(reasontest.OfSends(), string(o.Reason)) {
		t.Errorf("reason %q is none of the constants", o.Reason)
	}
	if (o.Class == Sent) != (o.Reason == "") {
		t.Errorf("class %q with reason %q", o.Class, o.Reason)
	}
}

func noCanary(t *testing.T, shown string) {
	t.Helper()
	for _, canary := range []string{testKey, testSecret, testTo[1:], testCode, "verification", "127.0.0.1", "http:"} {
		if strings.Contains(shown, canary) {
			t.Errorf("%q shows %q", shown, canary)
		}
	}
}

func TestAnAcceptedTextIsSentWithWhatItCost(t *testing.T) {
	v, server := standIn(t, smstest.AcceptAt("0.07270000", "2.50000000"))
	o := v.Send(t.Context(), testText())
	want(t, o, Sent, "0", "")
	if o.Price != "0.07270000" || o.Balance != "2.50000000" || o.Network != "20408" || o.ProviderID == "" || o.Parts != 1 {
		t.Errorf("outcome %+v lacks what the answer said", o)
	}
	if !o.MayHaveSent() {
		t.Error("a sent text may not have been sent")
	}

	got := server.Received()
	if len(got) != 1 {
		t.Fatalf("%d requests, want 1", len(got))
	}
	m := got[0]
	if m.To != "12025550143" || m.From != "Nightlatch" || m.Ref != "7.1" || m.Type != "" || m.Receipt {
		t.Errorf("the provider received %+v", m)
	}
	if m.Text != "493817 is your Nightlatch verification code. It is valid for 5 minutes.\n@login.example #493817" {
		t.Errorf("the phone shows %q", m.Text)
	}
	if m.TTL != 4*time.Minute {
		t.Errorf("ttl is %s, want the code's remaining life", m.TTL)
	}
}

func TestEachStatusHasItsClass(t *testing.T) {
	for _, row := range []struct {
		class  Class
		status []string
	}{
		{Sent, []string{"0"}},
		{Wait, []string{"1"}},
		{Retry, []string{"5", "10"}},
		{Ours, []string{"2", "3", "12", "15", "22", "23"}},
		{Account, []string{"4", "14", "32", "8", "9", "11", "29"}},
		{Number, []string{"6", "7", "33"}},
		{Unknown, []string{"13", "16", "19", "34", "99"}}, // refusals the table does not know
	} {
		for _, status := range row.status {
			t.Run(status, func(t *testing.T) {
				v, _ := standIn(t, smstest.Status(status))
				o := v.Send(t.Context(), testText())
				_, m := classifyStatus(status)
				want(t, o, row.class, status, m.reason)
				if may := row.class == Sent || row.class == Unknown; o.MayHaveSent() != may {
					t.Errorf("MayHaveSent is %t", o.MayHaveSent())
				}
			})
		}
	}
}

func TestOtherSpellingsOfAStatusAreNotSuccess(t *testing.T) {
	for _, status := range []string{"", "00", "0 ", " 0", "+0", "-0", "0.0", "1234", "OK", testSecret, testTo} {
		v, _ := standIn(t, smstest.Status(status))
		want(t, v.Send(t.Context(), testText()), Unknown, "unreadable", Unreadable)
	}
}

func TestSeveralPartsAreSentOnlyTogether(t *testing.T) {
	for _, row := range []struct {
		parts  []string
		class  Class
		status string
		reason Reason
	}{
		{[]string{"0", "0"}, Sent, "0", ""},
		{[]string{"0", "9"}, Unknown, "mixed", Partly},
		{[]string{"9", "0"}, Unknown, "mixed", Partly},
		{[]string{"0", "0", "1"}, Unknown, "mixed", Partly},
		{[]string{"9", "9"}, Account, "9", NoCredit},
		{[]string{"2", "3"}, Ours, "2", RequestWrong},
		{[]string{"1", "9"}, Unknown, "mixed", ProviderRefused},
	} {
		v, _ := standIn(t, smstest.Parts(row.parts...))
		o := v.Send(t.Context(), testText())
		want(t, o, row.class, row.status, row.reason)
		if o.Parts != len(row.parts) {
			t.Errorf("%v: %d parts", row.parts, o.Parts)
		}
	}
}

func TestThePriceIsThatOfAllParts(t *testing.T) {
	for want, parts := range map[string][]part{
		"0.0727":  {{Price: "0.0727"}},
		"0.14540": {{Price: "0.0727"}, {Price: "0.07270"}},
		"3":       {{Price: "1"}, {Price: "2"}},
		"":        {{Price: "0.0727"}, {}},
	} {
		if got := total(parts); got != want {
			t.Errorf("total of %v is %q, want %q", parts, got, want)
		}
	}
}

func TestOnly429And503ProveThatNothingWasTaken(t *testing.T) {
	for code, row := range map[int]struct {
		class  Class
		reason Reason
	}{
		429: {Retry, Throttled},
		503: {Retry, ProviderBusy},
		500: {Unknown, ProviderError},
		502: {Unknown, ProviderError},
		504: {Unknown, ProviderError},
		599: {Unknown, ProviderError},
		408: {Unknown, NoAnswer},
		400: {Ours, RequestWrong},
		401: {Account, Credentials},
		402: {Account, NoCredit},
		403: {Account, Credentials},
		404: {Ours, AddressWrong},
		405: {Ours, AddressWrong},
		422: {Ours, RequestWrong},
	} {
		v, _ := standIn(t, smstest.HTTP(code)) // quotes the request, secret and all
		want(t, v.Send(t.Context(), testText()), row.class, "http "+strconv.Itoa(code), row.reason)
	}
}

func TestTheWaitTheProviderAsksForIsPassedOn(t *testing.T) {
	v, _ := standIn(t, smstest.RetryAfter(429, "2"), smstest.RetryAfter(503, "7"), smstest.HTTP(429))
	for _, after := range []time.Duration{2 * time.Second, 7 * time.Second, 0} {
		if o := v.Send(t.Context(), testText()); o.After != after {
			t.Errorf("after is %s, want %s", o.After, after)
		}
	}

	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	for header, after := range map[string]time.Duration{
		"": 0, "-3": 0, "soon": 0, "3": 3 * time.Second, "99999999999": time.Hour, "99999999999999999999": 0,
		"Mon, 04 May 2026 09:00:30 GMT": 30 * time.Second, "Mon, 04 May 2026 08:00:00 GMT": 0,
		"Tue, 05 May 2026 09:00:00 GMT": time.Hour,
	} {
		if got := retryAfter(header, now); got != after {
			t.Errorf("Retry-After %q is %s, want %s", header, got, after)
		}
	}
}

func TestAnAnswerThatSaysNothingIsUnknown(t *testing.T) {
	ok := `{"message-count":"1","messages":[{"status":"0"}]}`
	for name, step := range map[string]smstest.Step{
		"empty list":                smstest.Empty(),
		"html":                      smstest.Garbage(),
		"nothing":                   smstest.Body("application/json", ""),
		"null":                      smstest.Body("application/json", "null"),
		"no list":                   smstest.Body("application/json", `{"message-count":"1"}`),
		"list is null":              smstest.Body("application/json", `{"messages":null}`),
		"list is a map":             smstest.Body("application/json", `{"messages":{"status":"0"}}`),
		"part is null":              smstest.Body("application/json", `{"messages":[null]}`),
		"part is a word":            smstest.Body("application/json", `{"messages":["0"]}`),
		"part without status":       smstest.Body("application/json", `{"messages":[{"message-id":"A1"}]}`),
		"status is null":            smstest.Body("application/json", `{"messages":[{"status":null}]}`),
		"status is a number":        smstest.Body("application/json", `{"messages":[{"status":0}]}`),
		"status in other case":      smstest.Body("application/json", `{"messages":[{"Status":"0"}]}`),
		"second part is null":       smstest.Body("application/json", `{"messages":[{"status":"0"},null]}`),
		"count disagrees":           smstest.Body("application/json", `{"message-count":"2","messages":[{"status":"0"}]}`),
		"count disagrees, a number": smstest.Body("application/json", `{"message-count":2,"messages":[{"status":"0"}]}`),
		"cut off":                   smstest.Body("application/json", ok[:len(ok)-2]),
		"something behind it":       smstest.Body("application/json", ok+ok),
		"xml":                       smstest.Body("text/xml", `<Sms><Messages><Status>0</Status></Messages></Sms>`),
		"huge":                      smstest.Body("application/json", ok+strings.Repeat(" ", 64<<10)),
		"huge part": smstest.Body("application/json", `{"messages":[{"status":"0","x":"`+
			strings.Repeat("x", 1<<20)+`"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			v, server := standIn(t, step)
			want(t, v.Send(t.Context(), testText()), Unknown, "unreadable", Unreadable)
			if n := len(server.Received()); n != 1 {
				t.Errorf("%d calls for one send", n)
			}
		})
	}
}

// Send recovers from a panic, and the outcome would be the same: so ask the reader.
func TestTheReaderRefusesWhatTheSDKWouldPanicOn(t *testing.T) {
	for _, words := range []string{`{"messages":[]}`, `{"messages":[{"status":null}]}`, `{"messages":[{"status":0}]}`,
		`{"messages":[{}]}`, `{}`, `null`} {
		if a, err := readAnswer([]byte(words)); !errors.Is(err, errShape) {
			t.Errorf("%s is read as %+v, %v", words, a, err)
		}
	}
}

func TestAnAnswerMayChangeWhereItOnlyInforms(t *testing.T) {
	for name, words := range map[string]string{
		"numbers for strings": `{"message-count":1,"messages":[{"status":"0","message-price":0.07,` +
			`"remaining-balance":15.5,"message-id":12}]}`,
		"no count":          `{"messages":[{"status":"0"}]}`,
		"more fields":       `{"message-count":"1","messages":[{"status":"0","new":[{}]}],"more":{}}`,
		"lists for strings": `{"message-count":"1","messages":[{"status":"0","network":["1"],"message-price":{}}]}`,
	} {
		v, _ := standIn(t, smstest.Body("text/plain", words))
		o := v.Send(t.Context(), testText())
		if want(t, o, Sent, "0", ""); t.Failed() {
			t.Error(name)
		}
	}
}

func TestAnAnswerThatEchoesIsNotRepeated(t *testing.T) {
	private := []string{testTo[1:], testSecret, testKey}
	for _, private := range append(private, "id-"+testTo[1:]+".1", testText().Body, "<b>", strings.Repeat("9", 99)) {
		words, _ := json.Marshal(map[string]any{"messages": []any{map[string]string{
			"status": "0", "message-id": private, "network": private, "message-price": private, "remaining-balance": private,
		}}})
		v, _ := standIn(t, smstest.Body("application/json", string(words)))
		o := v.Send(t.Context(), testText())
		want(t, o, Sent, "0", "")
		if o.ProviderID+o.Network+o.Price+o.Balance != "" {
			t.Errorf("outcome %+v repeats %q", o, private)
		}
	}
}

func TestARequestWithoutAnAnswerIsUnknown(t *testing.T) {
	for name, row := range map[string]struct {
		step    smstest.Step
		timeout time.Duration
		status  string
	}{
		"hang":                {smstest.Hang(), 400 * time.Millisecond, "timeout"},
		"stall in the answer": {smstest.Stall(), 400 * time.Millisecond, "timeout"},
		"too slow":            {smstest.Slow(time.Minute), 400 * time.Millisecond, "timeout"},
		"reset":               {smstest.Reset(), 5 * time.Second, "reset"},
	} {
		t.Run(name, func(t *testing.T) {
			server := smstest.NewServer(row.step)
			defer server.Close()
			begin := time.Now()
			o := sender(t, server.BaseURL(), row.timeout).Send(t.Context(), testText())
			want(t, o, Unknown, row.status, NoAnswer)
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("took %s", took)
			}
			if n := len(server.Accepted()); n != 1 {
				t.Errorf("the provider took %d texts, want 1: no second try of our own", n)
			}
		})
	}
}

func TestASlowAnswerIsWaitedFor(t *testing.T) {
	v, _ := standIn(t, smstest.Slow(200*time.Millisecond))
	want(t, v.Send(t.Context(), testText()), Sent, "0", "")
}

func TestWithoutAConnectionNothingWasSent(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = listener.Close()
		o := sender(t, "http://"+listener.Addr().String()+"/sms", time.Second).Send(t.Context(), testText())
		want(t, o, Retry, "dial", NoConnection)
		if o.MayHaveSent() {
			t.Error("a refused connection may have sent")
		}
	})
	t.Run("nobody answers the dial", func(t *testing.T) {
		v := sender(t, "https://sms.example", 100*time.Millisecond)
		v.transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		want(t, v.Send(t.Context(), testText()), Retry, "dial", NoConnection)
	})
	t.Run("a stranger's certificate", func(t *testing.T) {
		server := httptest.NewUnstartedServer(smstest.New(nil))
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		server.StartTLS()
		defer server.Close()
		want(t, sender(t, server.URL+"/sms", 2*time.Second).Send(t.Context(), testText()), Retry, "tls", NoConnection)
	})
	t.Run("no TLS at all", func(t *testing.T) {
		server := smstest.NewServer()
		defer server.Close()
		base := strings.Replace(server.BaseURL(), "http:", "https:", 1)
		want(t, sender(t, base, 2*time.Second).Send(t.Context(), testText()), Retry, "tls", NoConnection)
		if n := len(server.Received()); n != 0 {
			t.Errorf("%d requests arrived", n)
		}
	})
	t.Run("the connection dies before the body", func(t *testing.T) {
		v := sender(t, "http://localhost:1/sms", time.Second)
		v.transport = tripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("dead for " + testTo) })
		want(t, v.Send(t.Context(), testText()), Retry, "dial", NoConnection)
	})
}

func TestACallerWhoGivesUp(t *testing.T) {
	t.Run("before the call, sent nothing", func(t *testing.T) {
		v, server := standIn(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		want(t, v.Send(ctx, testText()), Retry, "stopped", NoConnection)
		if n := len(server.Received()); n != 0 {
			t.Errorf("%d requests arrived", n)
		}
	})
	t.Run("after the body, may have sent", func(t *testing.T) {
		v, server := standIn(t, smstest.Hang())
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for len(server.Received()) == 0 {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		want(t, v.Send(ctx, testText()), Unknown, "stopped", NoAnswer)
	})
	t.Run("at a deadline of its own", func(t *testing.T) {
		v, _ := standIn(t, smstest.Hang())
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		want(t, v.Send(ctx, testText()), Unknown, "timeout", NoAnswer)
	})
}

// tripper is a transport in one function.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestABodyIsEitherReadOrSealed(t *testing.T) {
	for range 2000 {
		b := &body{r: strings.NewReader("text")}
		var read int
		var sealed bool
		var both sync.WaitGroup
		both.Go(func() { read, _ = b.Read(make([]byte, 8)) })
		both.Go(func() { sealed = b.seal() })
		both.Wait()
		if sealed == (read > 0) {
			t.Fatalf("sealed is %t, yet %d bytes were read", sealed, read)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		elsewhere := smstest.NewServer()
		v, server := standIn(t, smstest.Redirect(code, elsewhere.BaseURL()+"/json"))
		want(t, v.Send(t.Context(), testText()), Ours, "http "+strconv.Itoa(code), AddressWrong)
		if n := len(elsewhere.Received()); n != 0 {
			t.Errorf("%d: the secret went elsewhere", code)
		}
		if n := len(server.Received()); n != 1 {
			t.Errorf("%d: %d requests", code, n)
		}
		elsewhere.Close()
	}
}

func TestManySendsAtOnceDoNotMix(t *testing.T) {
	v, server := standIn(t)
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			text := Text{
				To: fmt.Sprintf("+120255501%02d", i), Body: fmt.Sprintf("text %d", i), Ref: strconv.Itoa(i),
				Life: time.Duration(60+i) * time.Second,
			}
			if o := v.Send(t.Context(), text); o.Class != Sent {
				t.Errorf("send %d: %+v", i, o)
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, m := range server.Received() {
		i, _ := strconv.Atoi(m.Ref)
		if m.To != fmt.Sprintf("120255501%02d", i) || m.Text != fmt.Sprintf("text %d", i) ||
			m.TTL != time.Duration(60+i)*time.Second {
			t.Errorf("mixed up: %+v", m)
		}
		seen[m.Ref] = true
	}
	if len(seen) != 64 {
		t.Errorf("%d of 64 arrived", len(seen))
	}
}

func TestConnectionsStayOpen(t *testing.T) {
	v, server := standIn(t, smstest.Accept(), smstest.Status("9"), smstest.HTTP(429), smstest.HTTP(500), smstest.Garbage())
	for range 8 {
		v.Send(t.Context(), testText())
	}
	conns := map[string]bool{}
	for _, m := range server.Received() {
		conns[m.Conn] = true
	}
	if len(conns) != 1 {
		t.Errorf("8 sends took %d connections, want 1", len(conns))
	}
}

// A connection the server closed while it lay idle is the one case in which a
// request is made twice: nothing was written to the first. GetBody must then give
// the whole form again, and the outcome must tell of the second.
func TestADeadIdleConnectionIsReplaced(t *testing.T) {
	stub := smstest.New(nil)
	var conns atomic.Int32
	server := httptest.NewUnstartedServer(stub)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	v := sender(t, server.URL+"/sms", 2*time.Second)
	want(t, v.Send(t.Context(), testText()), Sent, "0", "")
	server.CloseClientConnections()
	time.Sleep(100 * time.Millisecond) // until the transport has noticed; without it the send is honestly unknown
	want(t, v.Send(t.Context(), testText()), Sent, "0", "")
	got := stub.Received()
	if len(got) != 2 || conns.Load() != 2 || got[0].Text != got[1].Text || got[1].TTL != 4*time.Minute {
		t.Errorf("%d connections, received %+v", conns.Load(), got)
	}
}

func TestARequestStartedAgainIsWhole(t *testing.T) {
	v := sender(t, "http://localhost:1/sms", time.Second)
	var first, second string
	v.transport = tripper(func(r *http.Request) (*http.Response, error) {
		raw, _ := io.ReadAll(r.Body)
		first = string(raw)
		again, err := r.GetBody()
		if err != nil || r.ContentLength != int64(len(first)) || r.Header.Get("Content-Length") != "" {
			t.Errorf("GetBody: %v; length %d of %d, header %q", err, r.ContentLength, len(first), r.Header.Get("Content-Length"))
		}
		raw, _ = io.ReadAll(again)
		second = string(raw)
		return nil, errors.New("dead")
	})
	want(t, v.Send(t.Context(), testText()), Unknown, "reset", NoAnswer)
	form, err := url.ParseQuery(second)
	if first != second || err != nil || form.Get("ttl") != "240000" || form.Get("api_secret") != testSecret ||
		form.Get("text") == "" {
		t.Errorf("first %q, second %q", first, second)
	}
}

func TestTheCodesLifeBecomesTheTextsLife(t *testing.T) {
	v, server := standIn(t)
	for life, ttl := range map[time.Duration]time.Duration{
		-time.Second: 20 * time.Second, 0: 20 * time.Second, 19 * time.Second: 20 * time.Second,
		90500 * time.Millisecond: 90500 * time.Millisecond, 1000 * time.Hour: 72 * time.Hour,
	} {
		text := testText()
		text.Life = life
		want(t, v.Send(t.Context(), text), Sent, "0", "")
		if got := server.Received(); got[len(got)-1].TTL != ttl {
			t.Errorf("life %s gives ttl %s, want %s", life, got[len(got)-1].TTL, ttl)
		}
	}
}

func TestUnicodeIsAskedForOnlyWhenNeeded(t *testing.T) {
	v, server := standIn(t)
	for body, kind := range map[string]string{"plain €[é]\n@": "", "ë": "unicode", "код": "unicode",
		"🙂": "unicode", "`": "unicode"} {
		text := testText()
		text.Body = body
		want(t, v.Send(t.Context(), text), Sent, "0", "")
		got := server.Received()
		if m := got[len(got)-1]; m.Type != kind || m.Text != body {
			t.Errorf("%q went out as %q of type %q, want type %q", body, m.Text, m.Type, kind)
		}
	}
}

func TestReceiptsAreAskedForWhenSomebodyListens(t *testing.T) {
	server := smstest.NewServer()
	defer server.Close()
	for _, row := range []struct {
		receipts bool
		callback string
		want     bool
	}{{false, "", false}, {true, "", true}, {false, "https://login.example/receipts/x7", true}} {
		v, err := NewVonage(VonageConfig{Key: testKey, Secret: testSecret, From: "+31612345678",
			BaseURL: server.BaseURL() + "/", Receipts: row.receipts, Callback: row.callback})
		if err != nil {
			t.Fatal(err)
		}
		want(t, v.Send(t.Context(), testText()), Sent, "0", "")
		got := server.Received()
		if m := got[len(got)-1]; m.Receipt != row.want || m.Callback != row.callback || m.From != "31612345678" {
			t.Errorf("%+v gave %+v", row, m)
		}
	}
}

func TestATextThatCannotGoIsOurs(t *testing.T) {
	v, server := standIn(t)
	for name, change := range map[string]func(*Text){
		"no number":     func(t *Text) { t.To = "" },
		"no plus":       func(t *Text) { t.To = "12025550143" },
		"too short":     func(t *Text) { t.To = "+12345" },
		"too long":      func(t *Text) { t.To = "+1234567890123456" },
		"another field": func(t *Text) { t.To = "+1202555&to=0143" },
		"no text":       func(t *Text) { t.Body = "" },
		"ref too long":  func(t *Text) { t.Ref = strings.Repeat("r", 41) },
	} {
		text := testText()
		change(&text)
		o := v.Send(t.Context(), text)
		if want(t, o, Ours, "request", RequestWrong); t.Failed() {
			t.Fatal(name)
		}
	}
	if n := len(server.Received()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

func TestAPanicBelowIsUnknown(t *testing.T) {
	v := sender(t, "http://localhost:1/sms", time.Second)
	v.transport = tripper(func(*http.Request) (*http.Response, error) { panic(testSecret) })
	want(t, v.Send(t.Context(), testText()), Unknown, "unreadable", Unreadable)
}

func TestWrongSettingsStopTheStart(t *testing.T) {
	good := VonageConfig{Key: testKey, Secret: testSecret, From: "Nightlatch"}
	if v, err := NewVonage(good); err != nil || v.cfg.BaseURL != "https://rest.nexmo.com/sms" ||
		v.cfg.Timeout != 8*time.Second {
		t.Fatalf("good settings: %v", err)
	}
	for name, change := range map[string]func(*VonageConfig){
		"VONAGE_API_KEY must be":          func(c *VonageConfig) { c.Key = "kanary1" },
		"exactly 8 characters":            func(c *VonageConfig) { c.Key = testKey + "3" },
		"VONAGE_API_KEY holds a blank":    func(c *VonageConfig) { c.Key = "kanary1 " },
		"VONAGE_API_SECRET is missing":    func(c *VonageConfig) { c.Secret = "" },
		"VONAGE_API_SECRET holds a blank": func(c *VonageConfig) { c.Secret += "\n" },
		"VONAGE_FROM is missing":          func(c *VonageConfig) { c.From = "" },
		"VONAGE_FROM must be a number":    func(c *VonageConfig) { c.From = "NightlatchXL" },
		"at most 11 plain characters":     func(c *VonageConfig) { c.From = "Zoë" },
		"or a name of":                    func(c *VonageConfig) { c.From = "Night\nlatch" },
		"VONAGE_BASE_URL must begin with": func(c *VonageConfig) { c.BaseURL = "http://rest.nexmo.com/sms" },
		"this machine alone":              func(c *VonageConfig) { c.BaseURL = "http://localhost.evil.example/sms" },
		"https://":                        func(c *VonageConfig) { c.BaseURL = "ftp://rest.nexmo.com/sms" },
		"whole address":                   func(c *VonageConfig) { c.BaseURL = "rest.nexmo.com" },
		"such as https":                   func(c *VonageConfig) { c.BaseURL = "https://%zz" + testSecret },
		"no password": func(c *VonageConfig) {
			c.BaseURL = "https://me:" + testSecret + "@rest.nexmo.com/sms"
		},
		"no ?":                 func(c *VonageConfig) { c.BaseURL = "https://rest.nexmo.com/sms?x=" + testSecret },
		"without /json":        func(c *VonageConfig) { c.BaseURL = "https://rest.nexmo.com/sms/json" },
		"address for receipts": func(c *VonageConfig) { c.Callback = "http://login.example/receipts" },
		"time limit":           func(c *VonageConfig) { c.Timeout = 9 * time.Second },
	} {
		cfg := good
		change(&cfg)
		v, err := NewVonage(cfg)
		if err == nil || v != nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want a sentence with %q, got %v", name, err)
			continue
		}
		if strings.Contains(err.Error(), testSecret) || strings.Contains(err.Error(), "kanary") {
			t.Errorf("%q tells a setting", err)
		}
	}
	for _, base := range []string{"http://127.0.0.1:8025/sms", "http://[::1]:8025/sms", "http://localhost:1",
		"https://proxy.example/vonage/"} {
		cfg := good
		cfg.BaseURL = base
		if _, err := NewVonage(cfg); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}

func TestPrintingShowsNothingPrivate(t *testing.T) {
	v, _ := standIn(t)
	text := testText()
	for _, value := range []any{text, &text, v, *v, v.cfg, *v.cfg, struct{ T Text }{text},
		struct{ v *Vonage }{v}, []Text{text}} {
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
		noCanary(t, log.String())
		noCanary(t, fmt.Sprintf("%v %+v %#v %s %q %x %d", value, value, value, value, value, value, value))
	}
}

func TestTheDemoPhone(t *testing.T) {
	var to, body string
	full := errors.New("disk full at " + testTo)
	d := NewDemo(func(_ context.Context, t, b string) error {
		if to != "" {
			return full
		}
		to, body = t, b
		return nil
	})
	text := testText()
	want(t, d.Send(t.Context(), text), Sent, "0", "")
	if to != text.To || body != text.Body {
		t.Errorf("kept %q for %q", body, to)
	}
	want(t, d.Send(t.Context(), text), Retry, "keep", NotKept)
}
