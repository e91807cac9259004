package doorcheck

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/door"
)

// Doctor examines the proxies of applications.
type Doctor struct {
	probes *Probes
	roots  *x509.CertPool // nil: those of this machine
	now    func() time.Time
}

// New returns a Doctor.
func New(probes *Probes, roots *x509.CertPool, now func() time.Time) *Doctor {
	return &Doctor{probes, roots, now}
}

// What a stranger says of themselves, and a good proxy believes nothing of.
const (
	forgedHost    = "doctor.nightlatch.invalid"
	forgedAddress = "198.51.100.77"
)

// paths are asked beside the first page: what proxies often have a rule of its own for.
func paths() []string {
	return []string{"/static/nightlatch-doctor.css", "/assets/nightlatch-doctor.js", "/api/nightlatch-doctor",
		"/nightlatch-doctor.php", "/nightlatch-doctor.png", "/index.html"}
}

// visit is the examination of one host.
type visit struct {
	*Doctor
	at       place
	public   []string
	disabled bool
	findings []Finding
}

// Examine asks a host of an application, and returns what is wrong with its proxy. Paths below one of public are meant
// to be open to everybody. It changes nothing that lasts. When the time of ctx is over it returns what was found by
// then, and says that there may be more.
func (d *Doctor) Examine(
	ctx context.Context, a application.Application, host string, public []string,
) ([]Finding, error) {
	if !slices.Contains(a.Hosts, host) {
		return []Finding{found(Unknown, "Host", host)}, nil
	}
	u, err := url.Parse(a.URL)
	if err != nil {
		return nil, fmt.Errorf("read the address of %s: %w", a.Name, err)
	}
	v := &visit{Doctor: d, at: place{u.Scheme, host}, public: public, disabled: a.Disabled}
	var before []Finding
	for _, look := range []func(context.Context) (further bool, err error){
		v.firstPage, v.again, v.otherPaths, v.form, v.webSocket, v.encoded, v.twoHosts, v.namedInConnection, v.ownPages,
	} {
		further, err := look(ctx)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			// What the last look found may be for want of time.
			return append(before, found(Unfinished)), nil
		}
		before = slices.Clone(v.findings)
		var unanswered *dialError
		if errors.As(err, &unanswered) {
			return []Finding{unreachable(unanswered)}, nil
		}
		if err != nil {
			return nil, err
		}
		if !further {
			break
		}
	}
	return v.findings, nil
}

func unreachable(err *dialError) Finding {
	var unverified *tls.CertificateVerificationError
	if errors.As(err, &unverified) {
		return found(Certificate, "Why", unverified.Err.Error())
	}
	return found(Unreachable, "Why", err.Error())
}

func (v *visit) find(w Wrong, args ...string) {
	if !slices.ContainsFunc(v.findings, func(f Finding) bool { return f.Wrong == w }) {
		v.findings = append(v.findings, found(w, args...))
	}
}

// page is how a person asks for the first page, while claiming everything that can be claimed.
func page() question {
	q := question{method: http.MethodGet, target: "/", headers: []string{
		"Accept: text/html", "Sec-Fetch-Mode: navigate", "X-Forwarded-Host: " + forgedHost,
		"X-Forwarded-For: " + forgedAddress, "X-Forwarded-Proto: forged", "X-Forwarded-Method: OPTIONS",
		"X-Forwarded-Uri: /forged",
	}}
	for _, name := range door.HeaderNames() {
		for _, spelled := range spellings(strings.Split(name, "-")) {
			q.headers = append(q.headers, spelled+": "+Claim)
		}
	}
	return q
}

// spellings returns all that applications take for a header's name, in parts: Remote_User for Remote-User.
func spellings(parts []string) []string {
	if len(parts) == 1 {
		return parts
	}
	var all []string
	for _, rest := range spellings(parts[1:]) {
		for _, between := range []string{"-", "_", "."} {
			all = append(all, parts[0]+between+rest)
		}
	}
	return all
}

func (v *visit) firstPage(ctx context.Context) (further bool, err error) {
	h, err := v.ask(ctx, v.at, page())
	switch {
	case err != nil:
		return false, err
	case h.afterwards():
		return v.keptOrElsewhere(ctx)
	case !h.checked() && h.served():
		v.find(Open)
		return false, nil
	case !h.checked() && h.status >= 500, h.status == 0:
		v.find(Away, "Status", status(h))
		return false, nil
	case !h.checked():
		v.find(Unasked, "Status", status(h))
		return false, nil
	case !h.seen[0].Named:
		v.find(Unnamed, "Proxy", h.seen[0].Peer)
		return false, nil
	case h.status < 300:
		v.find(Ignored)
	}
	v.clock(h)
	v.told(h, http.MethodGet, "/")
	v.claims(h)
	if to := h.header.Get("Location"); len(v.findings) == 0 && !v.disabled && !strings.Contains(to, startPath) {
		v.find(Bare, "Status", status(h))
	}
	return true, nil
}

// keptOrElsewhere tells an answer that the proxy keeps from one that somebody else made, by an address that is new.
func (v *visit) keptOrElsewhere(ctx context.Context) (further bool, err error) {
	q := page()
	q.target = "/?nightlatch-doctor=" + rand.Text()
	h, err := v.ask(ctx, v.at, q)
	switch {
	case err != nil:
		return false, err
	case h.checked():
		v.find(Cached)
		return true, nil
	}
	v.find(Unasked, "Status", status(h))
	return false, nil
}

// startPath is where a log-in of an application begins, on its own host.
const startPath = "/.nightlatch/start"

// told compares what the door was told of a question with what was asked.
func (v *visit) told(h heard, method, uri string) {
	for _, s := range h.seen {
		if s.At == AtHost {
			continue
		}
		if s.Method != method {
			v.find(Method, "Is", s.Method, "Want", method)
		}
		if s.Proto != v.at.scheme {
			v.find(Proto, "Is", s.Proto, "Want", v.at.scheme)
		}
		if !v.sameHost(s.Host) {
			v.find(Host, "Is", s.Host, "Want", v.at.host)
		}
		if s.URI != uri {
			v.find(URI, "Is", s.URI, "Want", uri)
		}
		if s.Address == forgedAddress {
			v.find(Address)
		}
		if s.Body {
			v.find(Body)
		}
	}
}

func (v *visit) sameHost(host string) bool {
	return strings.EqualFold(strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80"),
		strings.TrimSuffix(strings.TrimSuffix(v.at.host, ":443"), ":80"))
}

// shownClaims is how many of the headers that come through a sentence names.
const shownClaims = 5

// claims looks for headers in which the visitor says who they are. Where the door is asked with what the application
// will be asked with, there must be none; nginx asks with the visitor's own, and replaces those that are spelled as
// ours.
func (v *visit) claims(h heard) {
	for _, s := range h.seen {
		var through []string
		for _, name := range s.Claimed {
			own := slices.ContainsFunc(door.HeaderNames(), func(n string) bool { return strings.EqualFold(n, name) })
			if !own || s.At == AtForwardAuth && !s.Refused && !h.at(AtAuthRequest) {
				through = append(through, name)
			}
		}
		if len(through) > 0 {
			slices.Sort(through)
			if len(through) > shownClaims {
				through = append(through[:shownClaims], "…")
			}
			v.find(Claims, "Headers", strings.Join(through, ", "))
		}
	}
}

// clockLimit is how far apart two clocks may be before times in cookies and assertions mean something else.
const clockLimit = time.Minute

func (v *visit) clock(h heard) {
	at, err := http.ParseTime(h.header.Get("Date"))
	if apart := v.now().Sub(at).Abs(); err == nil && apart > clockLimit {
		v.find(Clock, "Apart", apart.Round(time.Second).String())
	}
}
