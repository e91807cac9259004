package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

func TestAnOpenBreakerIsAProblemOnlyWhenNoProviderIsLeft(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r := &report{out: &out}
	vonage := dbsqlc.MetricsProvidersRow{
		Name: "vonage", Open: true, OpenClass: "retry", OpenStatus: "http 503", OpenSeconds: 90,
	}
	breakers([]dbsqlc.MetricsProvidersRow{vonage, {Name: "webhook"}}, r)
	want := "warning  The breaker of vonage has been open for 90 s (retry, status http 503)."
	if said := out.String(); r.problems != 0 || !strings.HasPrefix(said, want) || strings.Contains(said, "webhook") {
		t.Errorf("with a provider left: %d problems, %s", r.problems, said)
	}
	breakers([]dbsqlc.MetricsProvidersRow{{Name: "vonage", Open: true}, {Name: "webhook", Open: true}}, r)
	if r.problems != 2 {
		t.Errorf("with none left: %d problems, %s", r.problems, out.String())
	}
}

func TestTwoClocksAreApartOnlyWhenNoWaitExplainsIt(t *testing.T) {
	t.Parallel()
	before := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	after := before.Add(4 * time.Second)
	for there, want := range map[time.Duration]time.Duration{
		0: 0, 4 * time.Second: 0, 10 * time.Second: 6 * time.Second, -6 * time.Second: 6 * time.Second, 2 * time.Second: 0,
	} {
		if got := apart(before, after, before.Add(there)); got != want {
			t.Errorf("a clock that shows %s after the question is %s off, want %s", there, got, want)
		}
	}
}
