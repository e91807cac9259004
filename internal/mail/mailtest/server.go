// Package mailtest is a mail server for tests: SMTP with STARTTLS or TLS, a log-in, and refusals on demand.
package mailtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mail is one mail as the server took it.
type Mail struct {
	From, To string
	Data     string // headers and body
	TLS      bool   // the connection was encrypted
	User     string // who had logged in, or ""
}

// Config is how a server behaves.
type Config struct {
	User, Password string // "" when nobody needs to log in
	Auth           string // the kinds of log-in offered; "" is PLAIN LOGIN
	Kinds          string // those of them that its password fits; "" is PLAIN LOGIN
	RefuseHello    string // the answer to EHLO and HELO, or ""
	STARTTLS       bool   // is offered
	Implicit       bool   // TLS from the first byte
	RefuseMail     string // the answer to MAIL FROM, such as "550 no", or ""
	RefuseRcpt     func(n int) string
	RefuseData     string
	Silent         bool // takes connections and says nothing
	SlamQuit       bool // closes the connection instead of saying goodbye
}

// Server is a mail server on a port of its own.
type Server struct {
	Host string
	Port int
	// Roots believe its certificate; CAFile is the same as a file, for SSL_CERT_FILE.
	Roots  *x509.CertPool
	CAFile string

	config   Config
	listener net.Listener
	tls      *tls.Config
	mu       sync.Mutex
	mails    []Mail
	rcpts    int
	commands []string
}

// NewServer starts a server, which stops with the test.
func NewServer(t testing.TB, config Config) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, config: config, listener: listener}
	s.certificate(t)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *Server) certificate(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mailtest"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter:    time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(cert)
	s.tls = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12,
	}
	s.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Mails are the mails taken so far, the oldest first.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Commands are the commands received so far, as they came over the wire.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.commands...)
}

func (s *Server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if s.config.Silent {
		_, _ = bufio.NewReader(conn).ReadString('\n')
		return
	}
	if s.config.Implicit {
		conn = tls.Server(conn, s.tls)
	}
	t := &talk{Server: s, conn: conn, in: bufio.NewReader(conn), mail: Mail{TLS: s.config.Implicit}}
	t.say("220 mailtest ESMTP")
	for {
		line, ok := t.hear()
		if !ok {
			return
		}
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		if verb, rest, _ := strings.Cut(line, " "); !t.answer(strings.ToUpper(verb), rest) {
			return
		}
	}
}
