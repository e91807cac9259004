package application

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// Wrong is what is wrong with a field of an application: the catalogue's key applications.<wrong>.
type Wrong string

// What can be wrong.
const (
	BadName   Wrong = "bad_name"
	BadAbout  Wrong = "bad_about"
	BadURL    Wrong = "bad_url"
	BadHost   Wrong = "bad_host"
	HostTaken Wrong = "host_taken"
	OurHost   Wrong = "our_host" // the portal's own
	NoRole    Wrong = "no_role"
	NoOffice  Wrong = "no_office"
	BadAge    Wrong = "bad_age"
	Looser    Wrong = "looser" // than its operator has it; the value is the operator's age of the second factor
)

// Problem is what is wrong with one field, and the value that it is about.
type Problem struct {
	Wrong Wrong
	Value string
}

func (p Problem) Error() string {
	if p.Value == "" {
		return p.Wrong.sentence()
	}
	return p.Wrong.sentence() + ": " + p.Value
}

// sentence is for the command line.
func (w Wrong) sentence() string {
	return map[Wrong]string{
		BadName:   "the name needs 1 to 60 characters",
		BadAbout:  "what it is may have 200 characters",
		BadURL:    "the address needs the form https://host/path (http on localhost alone), without a user or fragment",
		BadHost:   "this is no host: give it as browsers send it, app.example.com or app.example.com:8443",
		HostTaken: "another application has this host",
		OurHost:   "this host is the portal's own: give the application one of its own",
		NoRole:    "name at least one of user, accountant, superuser",
		NoOffice:  "there is no such office",
		Looser:    "an office can only make it tighter than its operator",
		BadAge:    "the age of the second factor is between one minute and twelve hours",
	}[w]
}

// Problems are all that is wrong with an application.
type Problems []Problem

func (p Problems) Error() string {
	all := make([]string, len(p))
	for i, one := range p {
		all[i] = one.Error()
	}
	return strings.Join(all, "; ")
}

func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Check returns Problems, or nil: all that can be said of an application without the others.
func (s *Service) Check(a Application) error {
	_, err := s.checked(a)
	return err
}

// maxAge is no less than what a session of the longest life can have.
const maxAge = 12 * time.Hour

// checked returns the application in the form that is kept: with the host of its address among the hosts. It returns
// Problems.
func (s *Service) checked(a Application) (Application, error) {
	var problems Problems
	wrong := func(bad bool, w Wrong, value string) {
		if bad {
			problems = append(problems, Problem{w, value})
		}
	}
	a.Name, a.About = typed.Line(a.Name), typed.Line(a.About)
	wrong(a.Name == "" || len([]rune(a.Name)) > 60, BadName, "")
	wrong(len([]rune(a.About)) > 200, BadAbout, "")
	address, ok := Address(a.URL)
	wrong(!ok, BadURL, "")
	hosts := []string{}
	if a.Kind != OIDC {
		named := a.Hosts
		if ok {
			named = append([]string{address.Host}, a.Hosts...)
		}
		for _, h := range named {
			host, ok := Host(h)
			wrong(!ok, BadHost, h)
			wrong(ok && host == s.portal, OurHost, host)
			if ok && !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	if ok {
		a.URL = address.String()
	}
	slices.Sort(hosts)
	a.Hosts = hosts
	wrong(len(a.Roles) == 0 || slices.ContainsFunc(a.Roles, func(r account.Role) bool { return !r.Valid() }), NoRole, "")
	for i, code := range a.Offices {
		a.Offices[i] = account.CanonicalOfficeCode(code)
	}
	wrong(!a.AllOffices && len(a.Offices) == 0, NoOffice, "")
	wrong(a.MaxFactorAge != 0 && (a.MaxFactorAge < time.Minute || a.MaxFactorAge > maxAge), BadAge, "")
	return a, problems.err()
}

// Address reads where an application is: an https address, or one of http on this machine, with a host and nothing that
// a browser would not show.
func Address(text string) (*url.URL, bool) {
	u, err := url.Parse(typed.Line(text))
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" || len(text) > 500 {
		return nil, false
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !Local(u.Hostname())) {
		return nil, false
	}
	host, ok := Host(u.Host)
	if !ok {
		return nil, false
	}
	u.Host = strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
	if u.Path == "" {
		u.Path = "/"
	}
	return u, true
}

// Local reports whether a host name is this machine's for every browser.
func Local(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || net.ParseIP(name).IsLoopback()
}

// Host returns a host as a Host header has it, and whether it is one: a name or an address, with a port where it is not
// the scheme's own.
func Host(text string) (string, bool) {
	text = typed.Line(text)
	name, port := text, ""
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		name, port = text[:i], text[i:]
		if !digits(port[1:]) {
			return "", false
		}
	}
	if strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]") {
		ip := net.ParseIP(name[1 : len(name)-1])
		return "[" + ip.String() + "]" + port, ip != nil && ip.To4() == nil
	}
	ascii, ok := typed.Host(name)
	return ascii + port, ok && !strings.HasSuffix(name, ".")
}

func digits(port string) bool {
	return port != "" && len(port) <= 5 && strings.Trim(port, "0123456789") == "" && port[0] != '0'
}
