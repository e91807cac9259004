package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/nightlatch/nightlatch/internal/loopback"
)

const (
	// commandTimeout is how long the server may take for one command; sendTimeout for a whole mail. The job has more.
	commandTimeout = 10 * time.Second
	sendTimeout    = 30 * time.Second
	outcomeTimeout = 5 * time.Second
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
}

// ReadSettings reads SMTP_URL and MAIL_FROM. Its errors say which is wrong and how it should be; they repeat neither,
// since one holds a password.
func ReadSettings(smtpURL, from string) (Settings, error) {
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
	return s, nil
}

// SMTP sends over a mail server. It is a Sender.
type SMTP struct {
	settings Settings
	roots    *x509.CertPool
}

// NewSMTP returns the sender. roots are the authorities it believes; nil for this machine's.
func NewSMTP(settings Settings, roots *x509.CertPool) *SMTP { return &SMTP{settings, roots} }

// Send hands a message to the server. Its error is a *Failure.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := s.message(m)
	if err != nil {
		return &Failure{Reason: "not an e-mail address", Permanent: true}
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	wire := &wire{}
	client, err := s.client(wire)
	if err != nil {
		return &Failure{Reason: "the settings do not fit"}
	}
	// The library's time-outs are a command's; this one is the mail's. And it leaves a connection open whose
	// greeting fails.
	stop := context.AfterFunc(ctx, wire.close)
	defer func() {
		stop()
		wire.close()
	}()
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() {
		return nil // a farewell that failed does not take the mail back
	}
	return failure(err, wire.connected())
}

// wire is the connection of one mail, once there is one.
type wire struct {
	mu   sync.Mutex
	conn net.Conn
}

func (w *wire) keep(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn = c
}

func (w *wire) connected() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conn != nil
}

func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		_ = w.conn.Close()
	}
}

func (s *SMTP) message(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(s.settings.From.Name, s.settings.From.Address); err != nil {
		return nil, err
	}
	if err := msg.To(m.To); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(s.settings.From.Address, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetDate()
	msg.Subject(m.Subject)
	// No answers by machine: RFC 3834.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(gomail.TypeTextPlain, m.Body)
	return msg, nil
}

// client is the library's, for one mail over wire.
func (s *SMTP) client(wire *wire) (*gomail.Client, error) {
	config := &tls.Config{ServerName: s.settings.Host, MinVersion: tls.VersionTLS12, RootCAs: s.roots}
	dial := func(ctx context.Context, network, address string) (c net.Conn, err error) {
		if s.settings.Security == SecurityTLS {
			c, err = (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
		} else {
			c, err = (&net.Dialer{}).DialContext(ctx, network, address)
		}
		if err == nil {
			wire.keep(c)
		}
		return c, err
	}
	options := []gomail.Option{
		gomail.WithPort(s.settings.Port), gomail.WithTimeout(commandTimeout), gomail.WithTLSConfig(config),
		gomail.WithDialContextFunc(dial), gomail.WithoutNoop(),
	}
	switch s.settings.Security {
	case SecurityTLS, SecurityLoopback:
		// Of a connection that dial made with TLS the library finds out itself; WithSSL would take it for a clear one.
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.settings.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.settings.Username), gomail.WithPassword(s.settings.Password))
	}
	return gomail.NewClient(s.settings.Host, options...)
}

// failure classifies an error without repeating it: servers' texts hold addresses.
func failure(err error, connected bool) *Failure {
	var sent *gomail.SendError
	if errors.As(err, &sent) && sent.ErrorCode() != 0 {
		code, step := sent.ErrorCode(), "the mail"
		about := sent.Reason == gomail.ErrSMTPData || sent.Reason == gomail.ErrSMTPDataClose
		switch sent.Reason {
		case gomail.ErrSMTPMailFrom:
			step = "the sender"
		case gomail.ErrSMTPRcptTo:
			step, about = "the recipient", true
		}
		// A refused sender is a setting that somebody may be mending: tried again.
		return &Failure{Reason: fmt.Sprintf("the server refused %s (%d)", step, code), Permanent: about && code >= 500}
	}
	var answer *textproto.Error
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &answer):
		return &Failure{Reason: fmt.Sprintf("the server refused the log-in (%d)", answer.Code)}
	case errors.As(err, &certificate):
		return &Failure{Reason: "the server's certificate is not to be believed"}
	case strings.Contains(err.Error(), "STARTTLS"):
		return &Failure{Reason: "the server offers no STARTTLS"}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &Failure{Reason: "the server did not answer in time"}
	case errors.Is(err, gomail.ErrNoSupportedAuthDiscovered), strings.Contains(err.Error(), "AUTH"):
		return &Failure{Reason: "the server offers no log-in that is safe here"}
	case !connected:
		return &Failure{Reason: "the server cannot be reached"}
	}
	return &Failure{Reason: "the connection broke"}
}
