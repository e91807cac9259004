package proxy

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestAFindingIsLoggedOnceAndWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	var log strings.Builder
	now, counted := time.Now(), 0
	w := NewWatch(private, pool, slog.New(slog.NewTextHandler(&log, nil)), func(Finding) { counted++ },
		func() time.Time { return now })
	r := httptest.NewRequest("GET", "/login", nil)
	r.RemoteAddr = "127.0.0.1:1"
	w.Look(r)
	if log.Len() != 0 || counted != 0 || d.ID("select count(*) from proxy_findings") != 0 {
		t.Errorf("a request without a proxy was found: %s", &log)
	}
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	for range 50 {
		w.Look(r)
	}
	if n := strings.Count(log.String(), "NIGHTLATCH_TRUSTED_PROXIES"); n != 1 || counted != 50 {
		t.Errorf("fifty requests are told %d times and counted %d: %s", n, counted, &log)
	}
	if n := d.ID("select sum(requests) from proxy_findings"); n != 1 {
		t.Errorf("%d requests are written at once, not the first alone", n)
	}
	now = now.Add(time.Minute)
	w.Look(r)
	told, err := Recent(context.Background(), pool)
	if err != nil || len(told) != 1 || told[0].Finding != Unnamed || told[0].Requests != 51 {
		t.Errorf("a minute later %+v (%v)", told, err)
	}
	d.Exec("update proxy_findings set last_at = now() - interval '25 hours'")
	if told, err := Recent(context.Background(), pool); err != nil || len(told) != 0 {
		t.Errorf("a day later %+v (%v)", told, err)
	}
}

func TestEveryFindingHasItsRowAndItsAdvice(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	var log strings.Builder
	w := NewWatch(private, pool, slog.New(slog.NewTextHandler(&log, nil)), func(Finding) {}, time.Now)
	for _, forwarded := range []string{"", "a", "203.0.113.9"} {
		r := httptest.NewRequest("GET", "/", nil)
		if r.RemoteAddr = "10.1.2.3:1"; forwarded == "203.0.113.9" {
			r.RemoteAddr = "127.0.0.1:1"
		}
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		w.Look(r)
	}
	if n := d.ID("select count(*) from proxy_findings"); n != int64(len(Findings())) {
		t.Errorf("%d of %d findings have a row: %s", n, len(Findings()), &log)
	}
	for _, f := range Findings() {
		if advice := Advice(f); advice == "" || !strings.Contains(log.String(), advice) {
			t.Errorf("%s is not told in the log", f)
		}
	}
}
