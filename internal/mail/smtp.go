package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const (
	// commandTimeout is how long the server may take for one command; sendTimeout for a whole mail. The job has more.
	commandTimeout = 10 * time.Second
	sendTimeout    = 30 * time.Second
	outcomeTimeout = 5 * time.Second
)

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
		return &Failure{Fault: FaultAddress}
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	login := &login{settings: s.settings}
	for {
		before := err
		login.began = false
		wire := &wire{}
		if err = s.over(ctx, wire, login, msg); err == nil {
			return nil
		}
		if err = login.failed(err, before); !login.again(err) {
			return failure(err, wire.connected(), login.began || before != nil)
		}
	}
}

// over hands a message over by one connection.
func (s *SMTP) over(ctx context.Context, wire *wire, login *login, msg *gomail.Msg) error {
	client, err := s.client(wire, login)
	if err != nil {
		return err
	}
	// The library's time-outs are a command's; this one is the mail's. And it leaves a connection open whose
	// greeting fails.
	stop := context.AfterFunc(ctx, wire.close)
	defer func() {
		stop()
		wire.close()
	}()
	err = client.DialAndSendWithContext(ctx, msg)
	if msg.IsDelivered() {
		return nil // a farewell that failed does not take the mail back
	}
	return err
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
	to, err := wireAddress(m.To)
	if err != nil {
		return nil, err
	}
	if err := msg.To(to); err != nil {
		return nil, err
	}
	msg.SetMessageIDWithValue(m.ID + "@" + s.settings.Name)
	msg.SetDate()
	msg.Subject(m.Subject)
	// No answers by machine: RFC 3834.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(gomail.TypeTextPlain, m.Body)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// client is the library's, for one mail over wire.
func (s *SMTP) client(wire *wire, login *login) (*gomail.Client, error) {
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
		gomail.WithHELO(s.settings.Name),
	}
	switch s.settings.Security {
	case SecurityTLS, SecurityLoopback:
		// Of a connection that dial made with TLS the library finds out itself; WithSSL would take it for a clear one.
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.settings.Username != "" {
		options = append(options, gomail.WithSMTPAuthCustom(login))
	}
	return gomail.NewClient(s.settings.Host, options...)
}
