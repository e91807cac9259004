package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/issuer"
)

// oidcFlags are what an application needs that speaks OpenID Connect.
type oidcFlags struct {
	OIDC                 bool     `name:"oidc" help:"It speaks OpenID Connect, and needs no proxy."`
	RedirectURI          []string `name:"redirect-uri" help:"Where it is told of a sign-in; compared exactly."`
	PostLogoutURI        []string `name:"post-logout-uri" help:"Where a browser may be led after a sign-out."`
	BackchannelLogoutURI string   `name:"backchannel-logout-uri" help:"Where it is told that a session ended."`
	Public               bool     `help:"It can keep no secret: a program on a phone, or in a browser."`
	AllowWithoutPKCE     bool     `name:"allow-without-pkce" help:"It is old and knows no PKCE. It needs a secret."`
	ES256                bool     `name:"es256" help:"Sign its ID tokens with ES256, not RS256."`
	KeySet               string   `help:"Its public keys, a JWKS: it signs its requests (private_key_jwt)."` //nolint:lll // a sentence of --help
}

// clientOutline is what an application is set up with, in JSON.
type clientOutline struct {
	appOutline
	Issuer       string `json:"issuer"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret,omitempty"`
}

func (c *appCreate) createOIDC(ctx context.Context, a *app, std stdio, registered application.Application) error {
	registered.Kind = application.OIDC
	registration := issuer.Registration{
		RedirectURIs: c.RedirectURI, PostLogoutURIs: c.PostLogoutURI, BackchannelLogoutURI: c.BackchannelLogoutURI,
		Public: c.Public, AllowWithoutPKCE: c.AllowWithoutPKCE, ES256: c.ES256,
	}
	if c.Public && (c.AllowWithoutPKCE || c.KeySet != "") {
		return errors.New("--public goes with neither --allow-without-pkce nor --key-set")
	}
	if c.KeySet != "" {
		var err error
		if registration.KeySet, err = os.ReadFile(c.KeySet); err != nil {
			return fmt.Errorf("read the key set: %w", err)
		}
	}
	id, client, secret, err := a.web.issuer.Register(ctx, registered, registration, audit.CommandLine, "")
	if err != nil {
		return err
	}
	made, err := a.web.registry.Get(ctx, id)
	if err != nil {
		return err
	}
	return printClient(a, std, c.JSON, made, client, secret)
}

func printClient(a *app, std stdio, asJSON bool, of application.Application, client, secret string) error {
	at := a.cfg.url.Scheme + "://" + a.cfg.url.Host
	if asJSON {
		return printJSON(std.out, clientOutline{outline(of), at, client, secret})
	}
	fmt.Fprintf(std.out, "issuer\t%s\nclient_id\t%s\n", at, client)
	if secret != "" {
		fmt.Fprintf(std.out, "client_secret\t%s\nThe secret is shown this once.\n", secret)
	}
	return nil
}

type appSecret struct{ named }

// Run prints another secret.
func (c *appSecret) Run(ctx context.Context, a *app, std stdio) error {
	found, err := c.find(ctx, a)
	if err != nil {
		return err
	}
	client, secret, err := a.web.issuer.NewSecret(ctx, found, audit.CommandLine, "")
	if err != nil {
		return err
	}
	return printClient(a, std, c.JSON, found, client, secret)
}
