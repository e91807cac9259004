package program

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// ProxyHost is the host of docs/operating.md, under which the proxies serve.
const ProxyHost = "login.acme.example"

// operatingFile is where the configurations stand that operators copy, seen from a package of e2e.
const operatingFile = "../../docs/operating.md"

// Proxy is a real proxy, as docs/operating.md sets it up, in front of a node.
type Proxy struct {
	Name  string
	HTTP  string // its address for plain HTTP
	https string
	roots *x509.CertPool
	// spoken: the visitor's address is told to the proxy in a header of the test's, which stands for the network;
	// else it is the address that the connection comes from.
	spoken bool
}

// visitorHeader is what nginx takes for the address of a connection here: the tests have loopback alone.
const visitorHeader = "X-Test-Visitor"

// Documented returns the block of docs/operating.md that begins with a line, as it stands there.
func Documented(t testing.TB, first string) string {
	t.Helper()
	text, err := os.ReadFile(operatingFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)\n```[a-z]*\n(.*?\n)```\n").FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(block[1], first) {
			return block[1]
		}
	}
	t.Fatalf("%s has no block that begins with %q", operatingFile, first)
	return ""
}

// DocumentedEnv returns what the documented environment sets a variable to.
func DocumentedEnv(t testing.TB, name string) string {
	t.Helper()
	for line := range strings.Lines(Documented(t, "DATABASE_URL=")) {
		if v, ok := strings.CutPrefix(line, name+"="); ok {
			return strings.TrimSpace(v)
		}
	}
	t.Fatalf("the environment of %s does not set %s", operatingFile, name)
	return ""
}

// Nginx starts nginx with site, a configuration as docs/operating.md has it, in front of the program at upstream.
func Nginx(t testing.TB, site, upstream string) *Proxy {
	t.Helper()
	dir := t.TempDir()
	p := &Proxy{Name: "nginx", HTTP: FreeAddress(t), https: FreeAddress(t), spoken: true}
	p.roots = certificate(t, filepath.Join(dir, "site"))
	site = swap(t, site, "http://127.0.0.1:8080", "http://"+upstream, "listen 443", "listen "+p.https,
		"listen 80", "listen "+p.HTTP, "/etc/ssl/"+ProxyHost, filepath.Join(dir, "site"))
	p.startNginx(t, dir, "set_real_ip_from 127.0.0.0/8;\nreal_ip_header "+visitorHeader+";\n"+site)
	return p
}

// startNginx starts nginx with what stands in its http block. It writes nowhere but into dir.
func (p *Proxy) startNginx(t testing.TB, dir, block string) {
	t.Helper()
	user := ""
	if os.Getuid() == 0 {
		user = "user root;\n" // whom else the folder is closed to
	}
	write(t, filepath.Join(dir, "nginx.conf"), user+`daemon off;
pid nginx.pid;
error_log stderr warn;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
`+block+"}\n")
	p.start(t, dir, "nginx", "-e", "stderr", "-p", dir, "-c", "nginx.conf")
}

// Caddy starts Caddy with site, a configuration as docs/operating.md has it, in front of the program at upstream.
func Caddy(t testing.TB, site, upstream string) *Proxy {
	t.Helper()
	dir := t.TempDir()
	p := &Proxy{Name: "Caddy", HTTP: FreeAddress(t), https: FreeAddress(t)}
	_, plain, _ := net.SplitHostPort(p.HTTP)
	_, secure, _ := net.SplitHostPort(p.https)
	write(t, filepath.Join(dir, "Caddyfile"), fmt.Sprintf(`{
	admin off
	default_bind 127.0.0.1
	http_port %s
	https_port %s
	local_certs
	skip_install_trust
	storage file_system %s
}
`, plain, secure, dir)+swap(t, site, "127.0.0.1:8080", upstream))
	p.start(t, dir, "caddy", "run", "--adapter", "caddyfile", "--config", "Caddyfile")
	root := filepath.Join(dir, "pki", "authorities", "local", "root.crt")
	Eventually(t, StartPatience, "Caddy has made its certificate", func() bool {
		text, err := os.ReadFile(root)
		p.roots = x509.NewCertPool()
		if err != nil || !p.roots.AppendCertsFromPEM(text) {
			return false
		}
		conn, err := tls.Dial("tcp", p.https, &tls.Config{ServerName: ProxyHost, RootCAs: p.roots})
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return p
}

// start runs the proxy until the test ends, and waits until it listens.
func (p *Proxy) start(t testing.TB, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(proxyProgram(t, name), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	beside(t, cmd, name, p.https)
}

// beside runs somebody else's program until the test ends, and waits until it listens.
func beside(t testing.TB, cmd *exec.Cmd, name, address string) {
	t.Helper()
	said := &buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-ended
		if t.Failed() {
			t.Logf("%s said:\n%s", name, said)
		}
	})
	Eventually(t, StartPatience, name+" listens", func() bool {
		select {
		case <-ended:
			t.Fatalf("%s ended at once:\n%s", name, said)
		default:
		}
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// proxyProgram finds a program where scripts/proxies.sh finds it or puts it.
func proxyProgram(t testing.TB, name string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	tools := filepath.Join(cache, "nightlatch", "tools", "proxies")
	for _, path := range []string{name, "/usr/sbin/" + name, tools + "/usr/sbin/" + name, tools + "/usr/bin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	t.Fatalf("there is no %s on this machine: run make proxies", name)
	return ""
}

// swap replaces each old by its new. What a test swaps must be there.
func swap(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the documented configuration has no %q:\n%s", pairs[i], text)
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// certificate makes a certificate of ProxyHost for an hour: base.pem and base.key.
func certificate(t testing.TB, base string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{ProxyHost}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, made, made, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	write(t, base+".pem", string(public))
	write(t, base+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(public)
	return roots
}

// Visitor is the way through the proxy of somebody at an address, who sends headers of their own, in pairs.
type Visitor struct {
	transport *http.Transport
	headers   http.Header
}

// Visitor returns the way of a visitor.
func (p *Proxy) Visitor(address string, headers ...string) *Visitor {
	v := &Visitor{headers: http.Header{}}
	for i := 0; i < len(headers); i += 2 {
		v.headers.Add(headers[i], headers[i+1])
	}
	from := &net.Dialer{Timeout: 5 * time.Second}
	if p.spoken {
		v.headers.Set(visitorHeader, address)
	} else {
		from.LocalAddr = &net.TCPAddr{IP: net.ParseIP(address)}
	}
	v.transport = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: p.roots, ServerName: ProxyHost},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return from.DialContext(ctx, network, p.https)
		},
		DisableKeepAlives: true, // the next request may be another visitor's
	}
	return v
}

// RoundTrip sends a request with the visitor's headers.
func (v *Visitor) RoundTrip(r *http.Request) (*http.Response, error) {
	with := r.Clone(r.Context())
	for name, values := range v.headers {
		with.Header[name] = values
	}
	return v.transport.RoundTrip(with)
}
