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
	keys *issuer.Keys
}

// New returns the Screens.
func New(w *web.Web, keys *issuer.Keys) *Screens { return &Screens{w, keys} }

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
