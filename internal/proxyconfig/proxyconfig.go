// Package proxyconfig writes the configuration with which a proxy guards an application: nginx, Caddy or Traefik.
//
// The rules it protects: every request is asked about under the host that is configured, not the one that a visitor
// names; nothing that tells an application who is there comes from a visitor, in whatever spelling; without an answer
// of Nightlatch nobody is let in. Start at Write.
package proxyconfig

import (
	"embed"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"text/template"

	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/door"
)

//go:embed *.tmpl
var files embed.FS

// Proxies returns the names of the proxies that Write knows.
func Proxies() []string { return []string{"nginx", "caddy", "traefik"} }

// Places are where a proxy finds what it stands in front of.
type Places struct {
	Upstream   string // the application: http://127.0.0.1:9000
	Nightlatch string // host and port: 127.0.0.1:8080
}

// site is one host of an application, as the templates see it.
type site struct {
	Name, Label      string // Label is a word that no other site has
	Scheme, Host     string // as browsers ask for it
	Hostname, Listen string
}

// view is what the templates see.
type view struct {
	Places
	Proxy string
	Name  string
	Sites []site
}

// Write writes the configuration of a proxy for an application.
func Write(w io.Writer, proxy string, a application.Application, at Places) error {
	if !slices.Contains(Proxies(), proxy) {
		return fmt.Errorf("there is no configuration for %q: %s", proxy, strings.Join(Proxies(), ", "))
	}
	address, err := url.Parse(a.URL)
	if err != nil {
		return fmt.Errorf("read the address of %s: %w", a.Name, err)
	}
	if at.Upstream, err = upstream(at.Upstream); err != nil {
		return err
	}
	if at.Nightlatch, err = nightlatch(at.Nightlatch); err != nil {
		return err
	}
	v := view{at, proxy, a.Name, make([]site, len(a.Hosts))}
	for i, host := range a.Hosts {
		v.Sites[i] = siteOf(a.Name, address.Scheme, host)
	}
	t, err := template.New("").Funcs(template.FuncMap{
		"headers": door.HeaderNames, "spellings": Spellings, "variable": variable,
	}).ParseFS(files, "*.tmpl")
	if err != nil {
		return fmt.Errorf("read the configurations: %w", err)
	}
	if err := t.ExecuteTemplate(w, proxy+".tmpl", v); err != nil {
		return fmt.Errorf("write the configuration of %s: %w", proxy, err)
	}
	return nil
}

func siteOf(name, scheme, host string) site {
	u := url.URL{Host: host}
	s := site{Name: name, Label: label(host), Scheme: scheme, Host: host, Hostname: u.Hostname(), Listen: u.Port()}
	switch {
	case s.Listen == "" && scheme == "https":
		s.Listen = "443"
	case s.Listen == "":
		s.Listen = "80"
	}
	if application.Local(s.Hostname) {
		s.Listen = "127.0.0.1:" + s.Listen
	}
	return s
}

// label makes a word of a host that every proxy takes as a name: hosts have no underscores.
func label(host string) string {
	return strings.NewReplacer(".", "_", ":", "__", "[", "_", "]", "_").Replace(host)
}

func variable(header string) string { return strings.ToLower(strings.ReplaceAll(header, "-", "_")) }

// Spellings returns every other way to write a header that some applications read as the same: a CGI variable has an
// underscore for every hyphen, and often for every dot.
func Spellings(header string) []string {
	all := []string{""}
	for i, part := range strings.Split(header, "-") {
		var longer []string
		for _, begun := range all {
			if i == 0 {
				longer = append(longer, part)
				continue
			}
			for _, between := range []string{"-", "_", "."} {
				longer = append(longer, begun+between+part)
			}
		}
		all = longer
	}
	return all[1:] // the first is the header itself
}

// upstream reads where the application is: an origin, and nothing that ends the line that it stands in.
func upstream(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.User != nil || !place(u.Host) {
		return "", fmt.Errorf("%q is no address of an application: write http://127.0.0.1:9000", text)
	}
	return u.Scheme + "://" + u.Host, nil
}

// nightlatch reads where Nightlatch listens, as NIGHTLATCH_ADDR has it: on this machine where it names none.
func nightlatch(text string) (string, error) {
	host, port, err := net.SplitHostPort(strings.TrimPrefix(text, "http://"))
	if host == "" || host == "localhost" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	if at := net.JoinHostPort(host, port); err == nil && port != "" && place(at) {
		return at, nil
	}
	return "", fmt.Errorf("%q is no address of Nightlatch: write 127.0.0.1:8080", text)
}

func place(host string) bool {
	return host != "" && strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") == ""
}

// IsUpstream reports whether text says where an application is.
func IsUpstream(text string) bool {
	_, err := upstream(text)
	return err == nil
}

// IsNightlatch reports whether text says where Nightlatch is.
func IsNightlatch(text string) bool {
	_, err := nightlatch(text)
	return err == nil
}
