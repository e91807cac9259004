package federation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/nightlatch/nightlatch/internal/loopback"
)

const (
	// callTimeout is how long one call to a provider may take, its answer's body included.
	callTimeout = 5 * time.Second
	// answerLimit is the most that is read of one answer, in bytes: key sets have a few kilobytes.
	answerLimit = 1 << 20
	// knownFor is how long a provider's description of itself is believed without asking again. Who types
	// office codes at the log-in page cannot make us call a provider more often.
	knownFor = 5 * time.Minute
	// knownMost bounds the memory of descriptions.
	knownMost = 500
)

// algorithms are those that only the provider can sign with: no "none", and no HMAC, whose key would be
// our own secret or, worse, the public key.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// discovered is a provider as it describes itself.
type discovered struct {
	*oidc.Provider
	iss   bool // its answers name it (RFC 9207)
	style oauth2.AuthStyle
	until time.Time
}

// newClient makes the client for all providers: short of patience, deaf to redirects, and bounded in what it reads.
func newClient(plain bool) *http.Client {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: callTimeout, ForceAttemptHTTP2: true,
		MaxIdleConns: 20, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Timeout: callTimeout, Transport: bounded{transport, plain},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded refuses addresses that are not safe, whoever named them, and cuts answers that are too long.
type bounded struct {
	next  http.RoundTripper
	plain bool
}

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if !safe(r.URL, b.plain) {
		return nil, errors.New("not an https address")
	}
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = &limited{answer.Body, answerLimit}
	}
	return answer, err
}

type limited struct {
	io.ReadCloser
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= n; l.left < 0 {
		return 0, errors.New("the answer is too long")
	}
	return n, err
}

// safe reports whether a provider may be talked to at an address: https, or plain http on loopback where we are there
// too.
func safe(u *url.URL, plain bool) bool {
	if u == nil || u.Host == "" || u.User != nil {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	return plain && u.Scheme == "http" && loopback.Host(u.Hostname())
}

func (s *Service) plain() bool { return s.public.Scheme == "http" }

// discover reads how a provider describes itself. Its error is a *Trouble.
func (s *Service) discover(ctx context.Context, issuer string, again bool) (discovered, error) {
	s.mu.Lock()
	d, ok := s.known[issuer]
	s.mu.Unlock()
	if ok && !again && time.Now().Before(d.until) {
		return d, nil
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, s.client), issuer)
	if err != nil {
		return discovered{}, &Trouble{Kind: discoveryTrouble(err), err: clipped(err)}
	}
	var said struct {
		Auth    string   `json:"authorization_endpoint"`
		Token   string   `json:"token_endpoint"`
		Keys    string   `json:"jwks_uri"`
		Iss     bool     `json:"authorization_response_iss_parameter_supported"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		PKCE    []string `json:"code_challenge_methods_supported"`
	}
	if err := p.Claims(&said); err != nil {
		return discovered{}, &Trouble{Kind: NoDescription, err: clipped(err)}
	}
	for _, address := range []string{said.Auth, said.Token, said.Keys} {
		if u, err := url.Parse(address); err != nil || !safe(u, s.plain()) {
			return discovered{}, &Trouble{Kind: BadEndpoints, err: errors.New("an endpoint is missing or not https")}
		}
	}
	d = discovered{p, said.Iss, oauth2.AuthStyleInHeader, time.Now().Add(knownFor)}
	switch {
	// the default of the specification
	case len(said.Methods) == 0 || slices.Contains(said.Methods, "client_secret_basic"):
	case slices.Contains(said.Methods, "client_secret_post"):
		d.style = oauth2.AuthStyleInParams
	default:
		return discovered{}, &Trouble{Kind: NoMethods, err: errors.New("the provider takes no client secret")}
	}
	// Who lists methods and leaves S256 out would ignore our challenge; who lists none may know it.
	if len(said.PKCE) > 0 && !slices.Contains(said.PKCE, "S256") {
		return discovered{}, &Trouble{Kind: NoMethods, err: errors.New("the provider knows no PKCE with S256")}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= knownMost {
		clear(s.known)
	}
	s.known[issuer] = d
	return d, nil
}

func discoveryTrouble(err error) Kind {
	var other *oidc.IssuerMismatchError
	switch {
	case errors.As(err, &other):
		return OtherIssuer
	case unreachable(err):
		return Unreachable
	}
	return NoDescription
}

// unreachable reports whether there was no answer at all, as far as the error tells.
func unreachable(err error) bool {
	var call *url.Error
	var network net.Error
	return errors.As(err, &call) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded)
}

// config is our side of the conversation with a provider.
func (s *Service) config(d discovered, clientID, secret string) oauth2.Config {
	at := d.Endpoint()
	at.AuthStyle = d.style
	return oauth2.Config{
		ClientID: clientID, ClientSecret: secret, Endpoint: at, RedirectURL: s.Callback(),
		Scopes: []string{oidc.ScopeOpenID, "profile"},
	}
}

// redeem changes the code for an ID token and verifies it: signature, issuer, audience, expiry, nonce.
// Its error is a *Trouble.
func (s *Service) redeem(ctx context.Context, d discovered, cfg oauth2.Config, code, verifier string,
	nonceHash []byte) (claims, error) {
	ctx = oidc.ClientContext(ctx, s.client)
	answer, err := cfg.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return claims{}, tokenTrouble(err)
	}
	raw, ok := answer.Extra("id_token").(string)
	if !ok {
		return claims{}, &Trouble{Kind: BadIDToken, err: errors.New("the token endpoint gave no ID token")}
	}
	token, err := d.Verifier(&oidc.Config{ClientID: cfg.ClientID, SupportedSigningAlgs: algorithms}).Verify(ctx, raw)
	if err != nil {
		kind := BadIDToken
		if strings.Contains(err.Error(), "fetching keys") {
			kind = Unreachable
		}
		return claims{}, &Trouble{Kind: kind, err: clipped(err)}
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(answer.AccessToken); err != nil {
			return claims{}, &Trouble{Kind: BadIDToken, err: clipped(err)}
		}
	}
	c, err := read(token, cfg.ClientID, nonceHash)
	if err != nil {
		return claims{}, &Trouble{Kind: BadIDToken, err: err}
	}
	return c, nil
}

// tokenTrouble keeps the answer itself out of the error: a provider may repeat in it what we sent.
func tokenTrouble(err error) *Trouble {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		if unreachable(err) {
			return &Trouble{Kind: Unreachable, err: clipped(err)}
		}
		return &Trouble{Kind: NoToken, err: errors.New("the token endpoint gave no token")}
	}
	kind, status := NoToken, 0
	if refused.Response != nil {
		status = refused.Response.StatusCode
	}
	if refused.ErrorCode == "invalid_client" || status == http.StatusUnauthorized {
		kind = BadClient
	}
	word := refused.ErrorCode
	if !slices.Contains([]string{"invalid_client", "invalid_grant", "invalid_request", "unauthorized_client",
		"unsupported_grant_type", "invalid_scope"}, word) {
		word = "no known error"
	}
	return &Trouble{Kind: kind, err: fmt.Errorf("the token endpoint answered %d, %s", status, word)}
}

// clipped keeps of an error what fits on a line: it may quote a stranger's page.
func clipped(err error) error {
	text := strings.Join(strings.Fields(clean(err.Error())), " ")
	if r := []rune(text); len(r) > 200 {
		text = string(r[:200]) + "…"
	}
	return errors.New(text)
}
