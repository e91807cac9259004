package mail

import (
	"errors"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/nightlatch/nightlatch/internal/loopback"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// Security is how the connection to the mail server is protected.
type Security string

// The securities. A certificate is always checked.
const (
	SecurityTLS      Security = "tls"      // TLS from the first byte
	SecuritySTARTTLS Security = "starttls" // demanded: without it nothing is sent
	// SecurityLoopback takes STARTTLS when the server, on this machine, offers it. Without it no password is sent
	// in clear.
	SecurityLoopback Security = "loopback"
)

// Settings are where mail goes, and from whom.
type Settings struct {
	Host     string
	Port     int
	Username string // "" to send without a log-in
	Password string
	Security Security
	From     netmail.Address
	// Name is what the server is told this machine is called, and what Message-IDs end with: many a server refuses
	// one that is no full name.
	Name string
}

// ReadSettings reads SMTP_URL, MAIL_FROM and SMTP_HELO. Its errors say which is wrong and how it should be; they
// repeat none, since one holds a password.
func ReadSettings(smtpURL, from, name string) (Settings, error) {
	bad := errors.New("SMTP_URL should be smtp://user:password@host:587, " +
		"or smtps:// for TLS from the first byte: no path, no query; signs in the password as %40, %2F")
	u, err := url.Parse(smtpURL)
	if err != nil || u.Hostname() == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return Settings{}, bad
	}
	s := Settings{Host: u.Hostname()}
	port := u.Port()
	switch u.Scheme {
	case "smtps":
		s.Security, s.Port = SecurityTLS, 465
	case "smtp":
		s.Security, s.Port = SecuritySTARTTLS, 587
		if loopback.Host(s.Host) {
			s.Security = SecurityLoopback
		}
	default:
		return Settings{}, bad
	}
	if port != "" {
		if s.Port, err = strconv.Atoi(port); err != nil || s.Port < 1 || s.Port > 65535 {
			return Settings{}, bad
		}
	}
	if u.User != nil {
		s.Username = u.User.Username()
		s.Password, _ = u.User.Password()
		if s.Username == "" || s.Password == "" {
			return Settings{}, errors.New("SMTP_URL has half a log-in: " +
				"it needs user and password, smtp://user:password@host:587, or neither")
		}
	}
	address, err := netmail.ParseAddress(from)
	if err != nil {
		return Settings{}, errors.New("MAIL_FROM should be the address that mails come from, " +
			"such as nightlatch@acme.example or Nightlatch <nightlatch@acme.example>")
	}
	s.From = *address
	if s.From.Address, err = wireAddress(s.From.Address); err != nil {
		return Settings{}, errors.New("MAIL_FROM has a domain that does not exist in this form")
	}
	if s.Name, err = ownName(name); err != nil {
		return Settings{}, errors.New("SMTP_HELO should be the name of this machine as mail servers know it, " +
			"such as login.acme.example; without it the host of NIGHTLATCH_URL is taken")
	}
	return s, nil
}

// ownName is a host as an SMTP client names itself: its name in ASCII, or an address in brackets.
func ownName(host string) (string, error) {
	host = strings.Trim(host, "[]")
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		if ip.Is4() {
			return "[" + ip.String() + "]", nil
		}
		return "[IPv6:" + ip.String() + "]", nil
	}
	name, ok := typed.Host(host)
	if !ok {
		return "", errors.New("a machine has a name")
	}
	return name, nil
}

// wireAddress is an address as every server takes it: a domain of other letters than ASCII in its form for machines.
func wireAddress(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "", errors.New("an address has an @")
	}
	domain := address[at+1:]
	if isASCII(domain) {
		return address, nil // the server judges it
	}
	domain, ok := typed.Host(domain)
	if !ok {
		return "", errors.New("no server has such a domain")
	}
	return address[:at+1] + domain, nil
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}
