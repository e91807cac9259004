package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/hooks"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/replay"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// heard is a hooks.Receiver that remembers what they were told.
type heard struct {
	mu    sync.Mutex
	told  []string
	err   error
	ncco  []byte
	hold  chan struct{} // closed to let everybody go
	count chan struct{} // one for each that is inside
}

func (h *heard) tell(what string) error {
	h.mu.Lock()
	h.told = append(h.told, what)
	err := h.err
	h.mu.Unlock()
	if h.hold != nil {
		h.count <- struct{}{}
		<-h.hold
	}
	return err
}

func (h *heard) Posters() (all, calls []string) {
	router, _ := sms.Open(sms.Providers(), sms.Config{Provider: "demo"}, "", nil)
	return router.Posters()
}

func (h *heard) Receipt(_ context.Context, provider string, header http.Header, body []byte) error {
	return h.tell(fmt.Sprintf("%s %s %s", provider, header.Get("Authorization"), body))
}

func (h *heard) KeyPressed(_ context.Context, _, ref string, header http.Header, body []byte) ([]byte, error) {
	return h.ncco, h.tell(fmt.Sprintf("key %s %s %s", ref, header.Get("Authorization"), body))
}

const hookToken, oldToken = "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba"

// bareServices are what a site without a database has.
func bareServices(t *testing.T) Services {
	return Services{
		Requests: uncounted{}, Checks: unchecked{}, Proxies: unwatched(nil), Replays: replay.NewStore(nil, factory.Keys(t)),
	}
}

// hooked is a site with hooks and without a database, and its log.
func hooked(t *testing.T, h *heard) (*echo.Echo, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	site, err := New(bareServices(t),
		&url.URL{Scheme: "https", Host: "login.example"}, "Nightlatch",
		slog.New(slog.NewTextHandler(&log, nil)), WithHooks(h, func() []string { return []string{hookToken, oldToken} }))
	if err != nil {
		t.Fatal(err)
	}
	return site, &log
}

func hook(site *echo.Echo, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer x")
	// What a browser of another site would say: the guard against it is not asked here.
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	rec := httptest.NewRecorder()
	site.ServeHTTP(rec, r)
	return rec
}

func TestAHookTakesWhatProvidersPost(t *testing.T) {
	t.Parallel()
	h := &heard{}
	site, log := hooked(t, h)
	for path, told := range map[string]string{
		"vonage": "vonage Bearer x a=b", "webhook": "webhook Bearer x a=b", "voice": "voice Bearer x a=b",
		"voice/abc.1": "key abc.1 Bearer x a=b",
	} {
		for _, token := range []string{hookToken, oldToken} {
			h.told = nil
			rec := hook(site, "/hooks/"+token+"/"+path, "a=b")
			if rec.Code != http.StatusNoContent || rec.Body.Len() > 0 || len(h.told) != 1 || h.told[0] != told {
				t.Errorf("%s: %d %s, told %q", path, rec.Code, rec.Body, h.told)
			}
			if len(rec.Result().Cookies()) > 0 {
				t.Errorf("%s sets a cookie", path)
			}
		}
	}
	h.ncco = []byte(`[{"action":"talk"}]`)
	rec := hook(site, "/hooks/"+hookToken+"/voice/abc.1", "{}")
	if rec.Code != http.StatusOK || rec.Body.String() != string(h.ncco) ||
		!strings.HasPrefix(rec.Header().Get("Content-Type"), "application/json") {
		t.Errorf("a key is answered with %d %s", rec.Code, rec.Body)
	}
	if strings.Contains(log.String(), hookToken) || strings.Contains(log.String(), oldToken) ||
		!strings.Contains(log.String(), "route=/hooks/:token/vonage") {
		t.Errorf("the log: %s", log)
	}
}

func TestWhatComesByGetIsTakenAsIfPostedAndToldOnce(t *testing.T) {
	t.Parallel()
	h := &heard{}
	site, log := hooked(t, h)
	for path, told := range map[string]string{
		"vonage": "vonage  a=b&c=%2B1", "webhook": "webhook  a=b&c=%2B1", "voice": "voice  a=b&c=%2B1",
		"voice/abc.1": "key abc.1  a=b&c=%2B1",
	} {
		h.told = nil
		rec := httptest.NewRecorder()
		site.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/hooks/"+hookToken+"/"+path+"?a=b&c=%2B1", nil))
		if rec.Code != http.StatusNoContent || len(h.told) != 1 || h.told[0] != told {
			t.Errorf("%s: %d, told %q", path, rec.Code, h.told)
		}
	}
	if n := strings.Count(log.String(), "reports by GET"); n != 1 {
		t.Errorf("it is told %d times", n)
	}
}

func TestAWrongHookTokenIsAnUnknownAddress(t *testing.T) {
	t.Parallel()
	h := &heard{}
	site, _ := hooked(t, h)
	ordinary := httptest.NewRecorder()
	site.ServeHTTP(ordinary, httptest.NewRequest(http.MethodPost, "/nothing/is/here", nil))
	want := momentary.ReplaceAllString(ordinary.Body.String(), "")
	for _, path := range []string{"/hooks/" + hookToken[:25] + "/vonage", "/hooks/" + hookToken + "x/vonage",
		"/hooks//vonage", "/hooks/x/voice/abc.1", "/hooks/" + strings.ToUpper(hookToken) + "/webhook"} {
		rec := hook(site, path, "a=b")
		if rec.Code != http.StatusNotFound || momentary.ReplaceAllString(rec.Body.String(), "") != want {
			t.Errorf("%s answers %d, and not as any unknown address", path, rec.Code)
		}
	}
	if len(h.told) > 0 {
		t.Errorf("told %q", h.told)
	}
	without, err := New(bareServices(t),
		&url.URL{Scheme: "https", Host: "login.example"}, "Nightlatch",
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hooks/"+hookToken+"/vonage", nil)
	rec := httptest.NewRecorder()
	if without.ServeHTTP(rec, r); rec.Code != http.StatusNotFound {
		t.Errorf("without hooks: %d", rec.Code)
	}
}

func TestAHookAnswersMachines(t *testing.T) {
	t.Parallel()
	h := &heard{}
	site, log := hooked(t, h)
	for _, row := range []struct {
		err   error
		code  int
		level string
	}{
		{nil, 204, ""},
		{fmt.Errorf("%w: too old", fault.Forbidden), 401, "level=WARN msg=\"hook refused\""},
		{fmt.Errorf("%w: no status", fault.Invalid), 400, ""},
		{fault.NotFound, 404, ""},
		{fmt.Errorf("insert: %w", db.ErrBusy), 503, "level=WARN msg=\"hook postponed\""},
		{fmt.Errorf("insert: %w", context.DeadlineExceeded), 503, "level=WARN msg=\"hook postponed\""},
		{errors.New("a fault of ours"), 500, "level=ERROR msg=\"hook failed\""},
	} {
		h.err = row.err
		for _, path := range []string{"vonage", "voice/abc.1"} {
			log.Reset()
			rec := hook(site, "/hooks/"+hookToken+"/"+path, "msisdn=31612345678")
			if rec.Code != row.code || rec.Body.Len() > 0 || (rec.Header().Get("Retry-After") != "") != (row.code == 503) {
				t.Errorf("%v on %s: %d, Retry-After %q, %s", row.err, path, rec.Code, rec.Header().Get("Retry-After"), rec.Body)
			}
			if !strings.Contains(log.String(), row.level) || row.level == "" && strings.Contains(log.String(), "hook ") ||
				strings.Contains(log.String(), "31612345678") {
				t.Errorf("%v: the log is %s", row.err, log)
			}
		}
	}
	h.err, h.told = nil, nil
	for size, code := range map[int]int{hooks.MaxBody: 204, hooks.MaxBody + 1: 413, 64<<10 + 1: 413} {
		if rec := hook(site, "/hooks/"+hookToken+"/vonage", strings.Repeat("x", size)); rec.Code != code {
			t.Errorf("%d bytes: %d, want %d", size, rec.Code, code)
		}
	}
	if len(h.told) != 1 {
		t.Errorf("%d were told", len(h.told))
	}
}

func TestAFloodOfReceiptsWaitsOutside(t *testing.T) {
	t.Parallel()
	h := &heard{hold: make(chan struct{}), count: make(chan struct{}, 100)}
	site, _ := hooked(t, h)
	codes := make(chan int, 100)
	var all sync.WaitGroup
	for range hooks.AtOnce {
		all.Go(func() { codes <- hook(site, "/hooks/"+hookToken+"/vonage", "a=b").Code })
	}
	for range hooks.AtOnce {
		<-h.count
	}
	began := time.Now()
	rec := hook(site, "/hooks/"+hookToken+"/voice/abc.1", "{}")
	if took := time.Since(began); rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" ||
		took < hooks.TurnWait || took > 5*time.Second {
		t.Errorf("the ninth: %d after %s", rec.Code, took)
	}
	// A slow body holds no turn, and whoever waits gets one that becomes free.
	slow, writer := io.Pipe()
	all.Go(func() {
		rec := httptest.NewRecorder()
		site.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/hooks/"+hookToken+"/vonage", slow))
		codes <- rec.Code
	})
	all.Go(func() { codes <- hook(site, "/hooks/"+hookToken+"/vonage", "a=b").Code })
	time.Sleep(50 * time.Millisecond)
	close(h.hold)
	_ = writer.Close()
	all.Wait()
	close(codes)
	for code := range codes {
		if code != http.StatusNoContent {
			t.Errorf("one was answered %d", code)
		}
	}
}
