package issuer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/jackc/pgx/v5"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/loopback"
	"github.com/nightlatch/nightlatch/internal/session"
)

var (
	errNoClient = fault.New(fault.NotFound, "no such OpenID Connect client")
	// ErrAddress says that an address cannot be registered.
	ErrAddress = fault.New(fault.Invalid, "an address is https, or http on this machine, without a fragment, a user or *")
	// ErrKeySet says that a set of keys cannot be read, or holds no public key that signs.
	ErrKeySet = fault.New(fault.Invalid, "the key set is a JWKS of public RSA or P-256 keys, each with a kid")
	// ErrNoSecret says that a client has no secret: it is public, or signs its requests.
	ErrNoSecret = fault.New(fault.Conflict, "this application has no secret")
)

// NewSecret gives an application another secret; the one before serves on, the one before that no more.
func (s *Service) NewSecret(ctx context.Context, a application.Application, by audit.Person, address string) (
	id, secret string, _ error,
) {
	c, err := s.clientBy(ctx, dbsqlc.OIDCClientParams{ApplicationID: a.ID})
	if err != nil {
		return "", "", err
	}
	if c.AuthMethod() != oidc.AuthMethodBasic {
		return "", "", ErrNoSecret
	}
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if secret, err = s.addSecret(ctx, tx, a.ID); err != nil {
			return err
		}
		return s.log.Write(ctx, tx, audit.Event{Actor: by, Action: audit.ApplicationSecretMade, Detail: a.Name,
			Address: address})
	})
	return c.GetID(), secret, err
}

func (s *Service) addSecret(ctx context.Context, tx pgx.Tx, applicationID int64) (string, error) {
	secret := session.NewToken()
	err := s.q.OIDCSecretInsert(ctx, tx, dbsqlc.OIDCSecretInsertParams{
		ApplicationID: applicationID, SecretHash: secret.Hash(),
	})
	if err == nil {
		err = s.q.OIDCSecretDrop(ctx, tx, applicationID)
	}
	if err != nil {
		return "", fmt.Errorf("make a client secret: %w", err)
	}
	return string(secret), nil
}

// client is a client as the library asks about it.
type client struct {
	row  dbsqlc.OIDCClientRow
	keys []jose.JSONWebKey
	// asked is the address of a request, once redirects has found it good: the library compares ports, too.
	asked string
}

// parseKeySet returns the public keys of a JWKS that may sign, none for what is none.
func parseKeySet(raw []byte) []jose.JSONWebKey {
	var set jose.JSONWebKeySet
	if json.Unmarshal(raw, &set) != nil {
		return nil
	}
	for _, k := range set.Keys {
		if !k.Valid() || !k.IsPublic() || k.KeyID == "" {
			return nil
		}
	}
	return set.Keys
}

// redirects reports whether an address is one of those registered: byte for byte, or with another port where it is this
// machine by its number (RFC 8252).
func (c *client) redirects(asked string) bool {
	if slices.Contains(c.row.RedirectUris, asked) {
		return true
	}
	a, err := url.Parse(asked)
	if err != nil || !goodAddress(asked) || a.Scheme != "http" || a.Hostname() == "localhost" {
		return false
	}
	return slices.ContainsFunc(c.row.RedirectUris, func(registered string) bool {
		r, err := url.Parse(registered)
		if err != nil || r.Scheme != "http" || r.Hostname() != a.Hostname() || !loopback.Host(r.Hostname()) {
			return false
		}
		r.Host = a.Host
		return r.String() == asked
	})
}

func (c *client) GetID() string                    { return c.row.ClientID }
func (c *client) RedirectURIs() []string           { return append(slices.Clone(c.row.RedirectUris), c.asked) }
func (c *client) PostLogoutRedirectURIs() []string { return c.row.PostLogoutUris }
func (c *client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c *client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
}

func (c *client) ApplicationType() op.ApplicationType {
	if c.row.Public {
		return op.ApplicationTypeNative
	}
	return op.ApplicationTypeWeb
}

func (c *client) AuthMethod() oidc.AuthMethod {
	switch {
	case c.row.Public:
		return oidc.AuthMethodNone
	case len(c.keys) > 0:
		return oidc.AuthMethodPrivateKeyJWT
	}
	return oidc.AuthMethodBasic
}

func (c *client) LoginURL(string) string              { return "" }
func (c *client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeBearer }
func (c *client) IDTokenLifetime() time.Duration      { return idTokenLife }
func (c *client) DevMode() bool                       { return false }
func (c *client) RestrictAdditionalIdTokenScopes() func([]string) []string { //nolint:revive // the library's name
	return func(scopes []string) []string { return scopes }
}
func (c *client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}
func (c *client) IsScopeAllowed(scope string) bool     { return scope == ScopeOffice }
func (c *client) IDTokenUserinfoClaimsAssertion() bool { return false }
func (c *client) ClockSkew() time.Duration             { return 0 }
