package federation

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/session"
)

func TestAProviderThatFailsIsAskedOnceForAllWhoWait(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.sso.client.Timeout = 300 * time.Millisecond
	var calls atomic.Int32
	f.idp.Answer = func(_ http.ResponseWriter, r *http.Request) bool {
		calls.Add(1)
		<-r.Context().Done()
		return true
	}
	begin := func(n int) {
		t.Helper()
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				_, err := f.sso.Begin(f.ctx, "ACME", "", session.Client{})
				if trouble := (*Trouble)(nil); !errors.As(err, &trouble) || trouble.Kind != Unreachable ||
					trouble.OfficeCode != "ACME" {
					t.Errorf("a provider that does not answer: %v", err)
				}
			})
		}
		all.Wait()
	}
	began := time.Now()
	begin(25)
	begin(25)
	if n := calls.Load(); n != 1 || time.Since(began) > 3*time.Second {
		t.Errorf("fifty forms are %d calls, in %s", n, time.Since(began))
	}
	// A superuser who tests the connection asks anew.
	if _, reported, err := f.sso.BeginTest(f.ctx, f.signedIn("ACME/boss")); !reported || err != nil || calls.Load() != 2 {
		t.Errorf("a test of the connection: %v, %d calls", err, calls.Load())
	}
	f.idp.Answer = nil
	f.sso.idps.mu.Lock()
	for issuer, e := range f.sso.idps.known {
		e.until = time.Now().Add(-time.Second)
		f.sso.idps.known[issuer] = e
	}
	f.sso.idps.mu.Unlock()
	if _, err := f.sso.Begin(f.ctx, "ACME", "", session.Client{}); err != nil {
		t.Errorf("a provider that answers again: %v", err)
	}
}

func TestAHostThatHangsHoldsUpSoManyCallsAndNoOtherHost(t *testing.T) {
	t.Parallel()
	free := make(chan struct{})
	var under, most atomic.Int32
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if n := under.Add(1); n > most.Load() {
			most.Store(n)
		}
		<-free
		under.Add(-1)
	}))
	t.Cleanup(hangs.Close)
	quick := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(quick.Close)
	client := NewClient(true, nil)
	get := func(address string) error {
		answer, err := client.Get(address)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		return answer.Body.Close()
	}
	var busy atomic.Int32
	var all sync.WaitGroup
	for range 3 * callsAtOnce {
		all.Go(func() {
			if errors.Is(get(hangs.URL), errBusy) {
				busy.Add(1)
			}
		})
	}
	for deadline := time.Now().Add(4 * time.Second); busy.Load() < 2*callsAtOnce && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if err := get(quick.URL); err != nil {
		t.Errorf("another host: %v", err)
	}
	close(free)
	all.Wait()
	if most.Load() > callsAtOnce || busy.Load() != 2*callsAtOnce {
		t.Errorf("%d calls were under way at once, %d refused", most.Load(), busy.Load())
	}
	if err := get(hangs.URL); err != nil {
		t.Errorf("after all have ended: %v", err)
	}
}

func TestAPrivateNetworkIsReachedWhereItIsAllowedAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var connections atomic.Int32
	inside := httptest.NewUnstartedServer(http.NotFoundHandler())
	inside.Config.ErrorLog = log.New(io.Discard, "", 0)
	inside.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	inside.StartTLS()
	t.Cleanup(inside.Close)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(inside.URL, "https://"))
	kind := func(s *Service, issuer string) Kind {
		_, err := s.idps.discover(f.ctx, issuer, true)
		var trouble *Trouble
		if !errors.As(err, &trouble) {
			t.Errorf("%s: %v", issuer, err)
			return ""
		}
		return trouble.Kind
	}
	public := &url.URL{Scheme: "https", Host: "login.acme.example"}
	closed := New(f.pool, nil, f.factors, nil, nil, public)
	for _, issuer := range []string{"https://127.0.0.1:" + port, "https://localhost:" + port,
		"https://[::ffff:127.0.0.1]:" + port, "https://127.1.2.3:" + port, "https://0.0.0.0:" + port} {
		if got := kind(closed, issuer); got != PrivateAddress {
			t.Errorf("%s is %q", issuer, got)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections were made to a private address", n)
	}
	opened := New(f.pool, nil, f.factors, nil, nil, public, netip.MustParsePrefix("127.0.0.0/8"))
	if got := kind(opened, "https://127.0.0.1:"+port); got != Unreachable || connections.Load() == 0 {
		t.Errorf("an allowed network is %q, with %d connections", got, connections.Load())
	}
}

func TestWhichAddressesAreTheInternets(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"8.8.8.8": true, "13.107.246.40": true, "2603:1026:3000:c8::2": true, "64:ff9b::808:808": true,
		"0.0.0.0": false, "10.0.0.1": false, "100.64.0.1": false, "127.0.0.1": false, "169.254.169.254": false,
		"172.16.0.1": false, "172.31.255.255": false, "192.0.0.192": false, "192.168.1.1": false, "198.18.0.1": false,
		"224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false, "::": false, "::1": false, "::7f00:1": false,
		"fe80::1": false, "fec0::1": false, "fc00::1": false, "fd00:ec2::254": false, "ff02::1": false,
		"2001:0:7f00:1::": false, "2002:7f00:1::": false, "2001:db8::1": false, "64:ff9b::7f00:1": false,
		"64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, "::ffff:10.0.0.1": false, "::ffff:8.8.8.8": true,
		"fe80::1%eth0": false,
	} {
		at := netip.AddrPortFrom(netip.MustParseAddr(address), 443).String()
		if got := mayReach(at, false, nil) == nil; got != want {
			t.Errorf("%s may be reached: %v", address, got)
		}
	}
	if mayReach("127.0.0.1:80", true, nil) != nil || mayReach("10.0.0.1:80", true, nil) == nil ||
		mayReach("somewhere", true, nil) == nil {
		t.Error("where we are on loopback too, loopback alone is reached")
	}
}
