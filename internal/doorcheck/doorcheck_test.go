package doorcheck

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/locale"
)

func TestOnlyAProbeOfOursIsKept(t *testing.T) {
	t.Parallel()
	_, pool := dbtest.New(t)
	now := time.Now()
	ours := NewProbes(pool, factory.Keys(t), func() time.Time { return now })
	ctx := context.Background()
	id, header := ours.make()
	other, _ := ours.make()
	for _, bad := range []string{
		"", "a.b.c", id, strings.Replace(header, id, other, 1), strings.Replace(header, ".", ".1", 1), header + "00",
		strings.ToUpper(header), id + "..", header[:len(header)-2],
	} {
		if err := ours.Tell(ctx, bad, Sighting{At: AtHost}); err != nil {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if seen, err := ours.take(ctx, id); err != nil || len(seen) != 0 {
		t.Fatalf("a stranger's probe is kept: %v (%v)", seen, err)
	}
	for range 2 {
		if err := ours.Tell(ctx, header, Sighting{At: AtHost, Host: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	if seen, err := ours.take(ctx, id); err != nil || len(seen) != 1 || seen[0].Host != "a" || seen[0].At != AtHost {
		t.Errorf("ours is kept as %v (%v)", seen, err)
	}
	now = now.Add(probeLife + time.Second)
	if err := ours.Tell(ctx, header, Sighting{At: AtHost}); err != nil {
		t.Fatal(err)
	}
	if seen, err := ours.take(ctx, id); err != nil || len(seen) != 0 {
		t.Errorf("an old probe is kept: %v (%v)", seen, err)
	}
}

func TestOnlyARegisteredHostIsAskedAndItsCertificateCounts(t *testing.T) {
	t.Parallel()
	_, pool := dbtest.New(t)
	asked := make(chan string, 100)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Host
		http.Redirect(w, r, "https://elsewhere.invalid/", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "https://")
	a := application.Application{URL: server.URL, Hosts: []string{host}}
	probes := NewProbes(pool, factory.Keys(t), time.Now)
	ours := x509.NewCertPool()
	ours.AddCert(server.Certificate())
	for _, c := range []struct {
		host  string
		roots *x509.CertPool
		want  Wrong
		asks  int
	}{
		{"10.0.0.1:22", ours, Unknown, 0}, {host, x509.NewCertPool(), Certificate, 0}, {host, ours, Open, 1},
	} {
		found, err := New(probes, c.roots, time.Now).Examine(context.Background(), a, c.host, nil)
		if err != nil || len(found) != 1 || found[0].Wrong != c.want || len(asked) != c.asks {
			t.Errorf("%s: %v (%v) after %d requests, not %s", c.host, found, err, len(asked), c.want)
		}
	}
	server.Close()
	found, err := New(probes, ours, time.Now).Examine(context.Background(), a, host, nil)
	if err != nil || len(found) != 1 || found[0].Wrong != Unreachable {
		t.Errorf("of nobody it says %v (%v)", found, err)
	}
}

// A name may lead anywhere by the time it is asked; where a machine is told its own secrets is no application.
func TestNoNameLeadsToWhereSecretsAreTold(t *testing.T) {
	t.Parallel()
	for address, refused := range map[string]bool{
		"169.254.169.254:80": true, "[fe80::1%lo]:80": true, "[fd00:ec2::254]:80": true, "0.0.0.0:80": true, "[::]:80": true,
		"224.0.0.1:80": true, "[::ffff:169.254.169.254]:80": true, "127.0.0.1:80": false, "10.0.0.7:80": false,
		"[2001:db8::1]:443": false,
	} {
		if err := onlyHosts(t.Context(), "tcp", address, nil); (err != nil) != refused {
			t.Errorf("%s: %v", address, err)
		}
	}
	d := New(NewProbes(nil, factory.Keys(t), time.Now), nil, time.Now)
	a := application.Application{URL: "http://169.254.169.254", Hosts: []string{"169.254.169.254"}}
	found, err := d.Examine(t.Context(), a, a.Hosts[0], nil)
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Sentence("en"), errNoHost.Error()) {
		t.Errorf("it finds %v (%v)", found, err)
	}
}

// A proxy that answers late is reported with what was found before the time was over, and nothing that was only late.
func TestAnExaminationWithoutTimeSaysSo(t *testing.T) {
	t.Parallel()
	_, pool := dbtest.New(t)
	short, end := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer end()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	d := New(NewProbes(pool, factory.Keys(t), time.Now), nil, time.Now)
	found, err := d.Examine(short, application.Application{URL: server.URL, Hosts: []string{host}}, host, nil)
	if err != nil || len(found) != 1 || found[0].Wrong != Unfinished {
		t.Errorf("it finds %v (%v)", found, err)
	}
}

func TestEverySpellingOfAHeaderIsClaimed(t *testing.T) {
	t.Parallel()
	claimed := strings.Join(page().headers, "\n")
	for _, spelled := range []string{
		"Remote-User", "Remote_User", "Remote.User", "X-Nightlatch_Id", "X_Nightlatch-Id", "X.Nightlatch_Factor-Age",
		"X-Nightlatch-Assertion",
	} {
		if strings.Count(claimed, "\n"+spelled+": ") != 1 {
			t.Errorf("%s is not claimed once", spelled)
		}
	}
	if n := len(claimed); n > 8<<10 {
		t.Errorf("%d bytes are more than proxies take", n)
	}
}

func TestAnApplicationBesideItsProxyIsFound(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	d := New(nil, nil, time.Now)
	if found := d.Beside(context.Background(), server.URL); len(found) != 1 || found[0].Wrong != Beside {
		t.Errorf("it finds %v", found)
	}
	server.Close()
	if found := d.Beside(context.Background(), server.URL); len(found) != 0 {
		t.Errorf("where nobody listens it finds %v", found)
	}
}

func TestWhateverIsWrongHasASentenceThatMendsIt(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("finding.go")
	if err != nil {
		t.Fatal(err)
	}
	words := regexp.MustCompile(`Wrong = "([a-z]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(words) < 20 {
		t.Fatalf("only %d words are found", len(words))
	}
	for _, w := range words {
		for _, family := range []string{"doorcheck.", "doorcheck_mend."} {
			if !locale.Has(family + w[1]) {
				t.Errorf("%s%s is not in the catalogue", family, w[1])
			}
		}
	}
}
