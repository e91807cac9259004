package federation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// algorithms are those that only the provider can sign with: no "none", and no HMAC, whose key would be
// our own secret or, worse, the public key.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

func (s *Service) plain() bool { return s.public.Scheme == "http" }

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
