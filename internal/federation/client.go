package federation

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/nightlatch/nightlatch/internal/loopback"
)

const (
	// callTimeout is how long one call to a provider may take, its answer's body included.
	callTimeout = 5 * time.Second
	// answerLimit is the most that is read of one answer, in bytes: key sets have a few kilobytes.
	answerLimit = 1 << 20
	// callsAtOnce is how many calls to one host may be under way. One that does not answer holds up no more than these.
	callsAtOnce = 16
)

var (
	errPrivate = errors.New("an address of a private network that is not allowed")
	errBusy    = errors.New("too many calls to this host are under way")
)

// NewClient makes a client for addresses that others named: short of patience, deaf to redirects, bounded in what it
// reads, and
// closed to private networks but those allowed, and loopback where we are there too (plain).
func NewClient(plain bool, allowed []netip.Prefix) *http.Client {
	dialer := &net.Dialer{Timeout: callTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		return mayReach(address, plain, allowed)
	}}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: callTimeout, ForceAttemptHTTP2: true,
		MaxIdleConns: 20, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10, DialContext: dialer.DialContext,
	}
	return &http.Client{
		Timeout: callTimeout, Transport: &bounded{next: transport, plain: plain, calls: map[string]int{}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// mayReach judges an address that is about to be connected to: behind the look-up of names, so that no name leads to
// another place than the one that was judged.
func mayReach(address string, plain bool, allowed []netip.Prefix) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return errPrivate
	}
	ip := at.Addr().WithZone("").Unmap()
	if plain && ip.IsLoopback() || isPublic(ip) ||
		slices.ContainsFunc(allowed, func(network netip.Prefix) bool { return network.Contains(ip) }) {
		return nil
	}
	return errPrivate
}

// special are networks in which nobody's public provider is, beside those that netip knows: IANA's registries of
// special-purpose addresses. A cloud's metadata stands in 169.254.0.0/16, 100.64.0.0/10, 192.0.0.0/24 or fc00::/7.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
}

// worldwide is what is given out of IPv6; embedding is what of it leads to an IPv4 address that is not looked at.
var (
	worldwide = netip.MustParsePrefix("2000::/3")
	embedding = []netip.Prefix{
		netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	}
	translated = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: the last four bytes are the IPv4 address
)

// isPublic reports whether an address, unmapped, is one of the internet.
func isPublic(ip netip.Addr) bool {
	within := func(networks []netip.Prefix) bool {
		return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(ip) })
	}
	if ip.Is4() {
		return ip.IsGlobalUnicast() && !ip.IsPrivate() && !within(special)
	}
	if translated.Contains(ip) {
		last := ip.As16()
		return isPublic(netip.AddrFrom4([4]byte(last[12:])))
	}
	return worldwide.Contains(ip) && !within(embedding)
}

// bounded refuses addresses that are not safe, whoever named them, lets so many calls to a host be under way, and cuts
// answers that are too long.
type bounded struct {
	next  http.RoundTripper
	plain bool

	mu    sync.Mutex
	calls map[string]int // under way, by host
}

func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if !safe(r.URL, b.plain) {
		return nil, errors.New("not an https address")
	}
	if !b.begin(r.URL.Host) {
		return nil, errBusy
	}
	end := sync.OnceFunc(func() { b.end(r.URL.Host) })
	answer, err := b.next.RoundTrip(r)
	if err != nil {
		end()
		return nil, err
	}
	answer.Body = &limited{answer.Body, answerLimit, end}
	return answer, nil
}

func (b *bounded) begin(host string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls[host] >= callsAtOnce {
		return false
	}
	b.calls[host]++
	return true
}

func (b *bounded) end(host string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls[host]--; b.calls[host] == 0 {
		delete(b.calls, host)
	}
}

// limited is the body of an answer.
type limited struct {
	io.ReadCloser
	left  int
	ended func()
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= n; l.left < 0 {
		return 0, errors.New("the answer is too long")
	}
	return n, err
}

// Close ends the call.
func (l *limited) Close() error {
	defer l.ended()
	return l.ReadCloser.Close()
}

// safe reports whether a provider may be talked to at an address: https, or plain http on loopback where we are there
// too.
func safe(u *url.URL, plain bool) bool {
	if u == nil || u.Host == "" || u.User != nil {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	return plain && u.Scheme == "http" && loopback.Host(u.Hostname())
}
