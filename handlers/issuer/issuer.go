// Package issuer has the endpoints of the OpenID Connect provider. Applications ask them by themselves, but for the
// authorization and the log-out, which browsers are led to.
package issuer

import (
	"net/http"

	"github.com/go-jose/go-jose/v4"
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/issuer"
)

// Screens are the endpoints.
type Screens struct {
	*web.Web
	keys     *issuer.Keys
	provider *issuer.Service
}

// New returns the Screens.
func New(w *web.Web, keys *issuer.Keys, provider *issuer.Service) *Screens {
	return &Screens{w, keys, provider}
}

// Keys is the set of keys by which our signatures are checked.
func (s *Screens) Keys(c echo.Context) error {
	published, err := s.keys.Published(c.Request().Context())
	if err != nil {
		return err
	}
	set := jose.JSONWebKeySet{Keys: make([]jose.JSONWebKey, len(published))}
	for i, k := range published {
		set.Keys[i] = jose.JSONWebKey{Key: k.Public, KeyID: k.ID, Algorithm: string(k.Algorithm), Use: "sig"}
	}
	return c.JSON(http.StatusOK, set)
}

// Discovery is what clients read first.
func (s *Screens) Discovery(c echo.Context) error {
	return c.JSON(http.StatusOK, s.provider.Discovery(c.Request().Context()))
}

// Token trades codes and refresh tokens for tokens.
func (s *Screens) Token(c echo.Context) error {
	return s.provider.Token(c.Response(), c.Request(), s.Client(c))
}

// Introspect tells a client what became of a token.
func (s *Screens) Introspect(c echo.Context) error {
	return s.provider.Introspect(c.Response(), c.Request(), s.Client(c))
}

// Revoke ends what a token belongs to.
func (s *Screens) Revoke(c echo.Context) error {
	return s.provider.Revoke(c.Response(), c.Request(), s.Client(c))
}

// UserInfo says who an access token is about.
func (s *Screens) UserInfo(c echo.Context) error {
	info, err := s.provider.UserInfo(c.Request())
	if err != nil {
		return err
	}
	if info == nil {
		c.Response().Header().Set("WWW-Authenticate", `Bearer realm="nightlatch", error="invalid_token"`)
		return c.JSON(http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
	}
	return c.JSON(http.StatusOK, info)
}
