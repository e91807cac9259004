package doorcheck

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func status(h heard) string {
	if h.status == 0 {
		return "-"
	}
	return strconv.Itoa(h.status)
}

// again asks for the same page: an answer that is kept is one that a log-out does not change.
func (v *visit) again(ctx context.Context) (bool, error) {
	h, err := v.ask(ctx, v.at, page())
	if err == nil && h.status > 0 && !h.checked() {
		v.find(Cached)
	}
	return true, err
}

func (v *visit) otherPaths(ctx context.Context) (bool, error) {
	var open []string
	for _, path := range paths() {
		if slices.ContainsFunc(v.public, func(p string) bool { return p != "" && strings.HasPrefix(path, p) }) {
			continue
		}
		h, err := v.ask(ctx, v.at, question{method: http.MethodGet, target: path, headers: []string{
			"Accept: */*", "Sec-Fetch-Mode: no-cors",
		}})
		if err != nil {
			return false, err
		}
		if !h.checked() && !h.afterwards() && h.served() {
			open = append(open, path)
		}
	}
	if len(open) > 0 {
		v.find(Partly, "Paths", strings.Join(open, ", "))
	}
	return true, nil
}

// form posts something: the door is told that it is a form, and is not sent it.
func (v *visit) form(ctx context.Context) (bool, error) {
	h, err := v.ask(ctx, v.at, question{method: http.MethodPost, target: "/", body: "nightlatch=doctor", headers: []string{
		"Accept: text/html", "Sec-Fetch-Mode: navigate", "Content-Type: application/x-www-form-urlencoded",
	}})
	switch {
	case err != nil:
		return false, err
	case !h.checked() && !h.afterwards() && h.served():
		v.find(Partly, "Paths", "POST /")
	}
	v.told(h, http.MethodPost, "/")
	return true, nil
}

func (v *visit) webSocket(ctx context.Context) (bool, error) {
	h, err := v.ask(ctx, v.at, question{method: http.MethodGet, target: "/", connection: "Upgrade", headers: []string{
		"Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
		"Sec-Fetch-Mode: websocket",
	}})
	if err == nil && (h.status == http.StatusSwitchingProtocols || !h.checked() && !h.afterwards() && h.served()) {
		v.find(Upgrade)
	}
	return true, err
}

// encoded asks for an address that a proxy may write anew.
func (v *visit) encoded(ctx context.Context) (bool, error) {
	const uri = "/nightlatch%20doctor/%C3%A9?to=%2Fa%2F..%2Fb&x=1"
	h, err := v.ask(ctx, v.at, question{method: http.MethodGet, target: uri, headers: []string{
		"Accept: */*", "Sec-Fetch-Mode: cors",
	}})
	v.told(h, http.MethodGet, uri)
	return true, err
}

// twoHosts names the host in the request's line, and another where hosts usually are.
func (v *visit) twoHosts(ctx context.Context) (bool, error) {
	h, err := v.ask(ctx, v.at, question{
		method: http.MethodGet, target: v.at.scheme + "://" + v.at.host + "/", host: forgedHost,
		headers: []string{"Accept: */*", "Sec-Fetch-Mode: cors"},
	})
	for _, s := range h.seen {
		if s.At != AtHost && !v.sameHost(s.Host) {
			v.find(Host, "Is", s.Host, "Want", v.at.host)
		}
	}
	return true, err
}

// namedInConnection names a header in Connection: a proxy that obeys leaves out, for the application, those that say
// who is there.
func (v *visit) namedInConnection(ctx context.Context) (bool, error) {
	h, err := v.ask(ctx, v.at, question{method: http.MethodGet, target: "/", connection: "close, " + Header,
		headers: []string{"Accept: */*", "Sec-Fetch-Mode: cors"}})
	if err == nil && h.status > 0 && len(h.seen) == 0 {
		v.find(Connection)
	}
	return true, err
}

// ownPages looks for Nightlatch's own pages on the host.
func (v *visit) ownPages(ctx context.Context) (bool, error) {
	h, err := v.ask(ctx, v.at, question{method: http.MethodGet, target: startPath + "?to=/", headers: []string{
		"Accept: text/html", "Sec-Fetch-Mode: navigate", "X-Forwarded-For: " + forgedAddress,
	}})
	if err != nil {
		return false, err
	}
	at := slices.IndexFunc(h.seen, func(s Sighting) bool { return s.At == AtHost })
	switch {
	case at < 0:
		v.find(Routed)
		return true, nil
	case !v.sameHost(h.seen[at].Host):
		v.find(HostName, "Is", h.seen[at].Host, "Want", v.at.host)
		return true, nil
	case h.seen[at].Address == forgedAddress:
		v.find(Address)
	}
	cookies := strings.Join(h.header.Values("Set-Cookie"), "\n")
	if h.status/100 == 3 && !strings.Contains(cookies, "nightlatch-start=") {
		v.find(Cookie)
	}
	return true, nil
}

// Beside reports whether an application is reached at its own address, beside its proxy.
func (d *Doctor) Beside(ctx context.Context, upstream string) []Finding {
	u, err := url.Parse(upstream)
	if err != nil || u.Host == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, besideLimit)
	defer cancel()
	conn, err := d.dial(ctx, place{"http", u.Host})
	if err != nil {
		return nil
	}
	_ = conn.Close()
	return []Finding{found(Beside, "Upstream", u.Host)}
}

// besideLimit is how long a firewall may be silent.
const besideLimit = 3 * time.Second
