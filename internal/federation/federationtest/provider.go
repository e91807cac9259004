// Package federationtest is an OpenID Connect provider that can be told to lie. It answers on loopback, signs with
// a real key, and checks the client's secret and PKCE as a provider does.
package federationtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The client that the provider knows.
const (
	ClientID = "nightlatch"
	Secret   = "the client's secret/:"
)

// Provider is the provider. Its fields may be set between requests.
type Provider struct {
	*httptest.Server
	key *ecdsa.PrivateKey

	mu     sync.Mutex
	codes  map[string]asked // by code; each serves once
	Change func(claims map[string]any)
	Sign   func(p *Provider, claims []byte) string // nil: ES256 with the published key
	Meta   func(meta map[string]any)
	Answer func(w http.ResponseWriter, r *http.Request) bool // true: it has answered instead
	Calls  int                                               // of the token endpoint
}

type asked struct{ challenge, nonce, redirect string }

// Start runs a provider until the test ends.
func Start(t testing.TB) *Provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{key: key, codes: map[string]asked{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.metadata)
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, jose.JSONWebKeySet{
			Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}},
		})
	})
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		instead := p.Answer
		p.mu.Unlock()
		if instead == nil || !instead(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() { p.CloseClientConnections(); p.Close() })
	return p
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (p *Provider) metadata(w http.ResponseWriter, _ *http.Request) {
	meta := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token",
		"jwks_uri":                                       p.URL + "/jwks",
		"id_token_signing_alg_values_supported":          []string{"ES256", "HS256", "none"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	}
	if p.Meta != nil {
		p.Meta(meta)
	}
	reply(w, meta)
}

// LogIn is what happens at the provider when a user logs in there: it takes the address that the browser
// was sent to, and returns the query that the browser brings back.
func (p *Provider) LogIn(t testing.TB, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, p.URL+"/auth?") {
		t.Fatalf("the browser was sent to %q", address)
	}
	q := u.Query()
	if q.Get("response_type") != "code" || q.Get("client_id") != ClientID || q.Get("code_challenge_method") != "S256" ||
		len(q.Get("state")) < 43 || len(q.Get("nonce")) < 43 || len(q.Get("code_challenge")) != 43 ||
		!strings.Contains(q.Get("scope"), "openid") {
		t.Fatalf("the request is not what it should be: %v", q)
	}
	code := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[code] = asked{q.Get("code_challenge"), q.Get("nonce"), q.Get("redirect_uri")}
	return url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Calls++
	refuse := func(status int, word string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{
			"error": word, "error_description": "you sent " + r.FormValue("code") + r.FormValue("code_verifier"),
		})
	}
	id, secret, ok := r.BasicAuth()
	if secret, _ = url.QueryUnescape(secret); !ok || id != ClientID || secret != Secret {
		refuse(http.StatusUnauthorized, "invalid_client")
		return
	}
	was, ok := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != was.challenge ||
		r.FormValue("redirect_uri") != was.redirect {
		refuse(http.StatusBadRequest, "invalid_grant")
		return
	}
	claims := map[string]any{
		"iss": p.URL, "sub": "subject-1", "aud": ClientID, "nonce": was.nonce, "iat": time.Now().Unix(),
		"exp":                time.Now().Add(time.Minute).Unix(),
		"preferred_username": "jane",
	}
	if p.Change != nil {
		p.Change(claims)
	}
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	body, _ := json.Marshal(claims)
	sign := p.Sign
	if sign == nil {
		sign = func(p *Provider, claims []byte) string { return Signed(jose.ES256, p.key, claims) }
	}
	reply(w, map[string]any{
		"access_token": "an access token", "token_type": "Bearer", "expires_in": 60, "id_token": sign(p, body),
	})
}

// Signed makes a token with a key.
func Signed(alg jose.SignatureAlgorithm, key any, claims []byte) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key},
		(&jose.SignerOptions{}).WithHeader("kid", "one"))
	if err != nil {
		panic(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		panic(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// Unsigned makes a token that nobody signed: alg=none.
func Unsigned(_ *Provider, claims []byte) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(claims) + "."
}

// ByPublicKey signs with HMAC, the published key as its secret.
func ByPublicKey(p *Provider, claims []byte) string {
	der, _ := x509.MarshalPKIXPublicKey(p.key.Public())
	return Signed(jose.HS256, der, claims)
}

// BySecret signs with HMAC and the client's secret.
func BySecret(_ *Provider, claims []byte) string {
	return Signed(jose.HS256, fmt.Appendf(nil, "%-32s", Secret), claims)
}

// ByAnother signs with a key that is not published.
func ByAnother(_ *Provider, claims []byte) string {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return Signed(jose.ES256, key, claims)
}
