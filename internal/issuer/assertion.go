package issuer

import (
	"context"
	"fmt"

	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// useAssertion takes a client's signed request, which serves once: the library looks at it, and keeps no id. What is
// signed by nobody we know burns nothing.
func (s *Service) useAssertion(ctx context.Context, assertion string) error {
	if assertion == "" {
		return nil
	}
	wrong := func(why string) *oidc.Error {
		return oidc.ErrInvalidClient().WithDescription("the client_assertion %s", why)
	}
	said, err := op.VerifyJWTAssertion(ctx, assertion, s.provider.JWTProfileVerifier(ctx))
	if err != nil {
		return wrong("is not good").WithParent(err)
	}
	parsed, err := jwt.ParseSigned(assertion, algorithms())
	if err != nil {
		return wrong("has an unknown algorithm")
	}
	var claims jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil || claims.ID == "" || claims.Expiry == nil {
		return wrong("has no jti or exp")
	}
	c, err := s.client(ctx, said.Issuer)
	if err != nil {
		return oidc.ErrServerError().WithParent(err)
	}
	n, err := s.q.OIDCAssertionUse(ctx, s.pool, dbsqlc.OIDCAssertionUseParams{
		ApplicationID: c.row.ApplicationID, IDHash: hash(claims.ID), Until: claims.Expiry.Time(),
	})
	if err != nil {
		return oidc.ErrServerError().WithParent(fmt.Errorf("keep the id of a signed request: %w", err))
	}
	if n == 0 {
		return wrong("came before")
	}
	return nil
}
