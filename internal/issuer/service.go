package issuer

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// Service is the provider.
type Service struct {
	pool         *db.Pool
	q            *dbsqlc.Queries
	ring         *keys.Ring
	keys         *Keys
	applications *application.Service
	log          *audit.Log
	refusals     *refusals
	issuer       string
	provider     *op.Provider
}

// New returns the provider of an installation that browsers reach under public.
func New(
	pool *db.Pool, ring *keys.Ring, signing *Keys, applications *application.Service, log *audit.Log, public *url.URL,
) (*Service, error) {
	s := &Service{
		pool: pool, q: dbsqlc.New(), ring: ring, keys: signing, applications: applications, log: log,
		refusals: newRefusals(), issuer: public.Scheme + "://" + public.Host,
	}
	options := []op.Option{
		op.WithCrypto(sealing{ring}), op.WithCORSOptions(nil), op.WithCustomEndpoints(
			op.NewEndpoint(PathAuthorize), op.NewEndpoint(PathToken), op.NewEndpoint(PathUserinfo),
			op.NewEndpoint(PathRevoke), op.NewEndpoint(PathEndSession), op.NewEndpoint(PathKeys)),
		op.WithCustomIntrospectionEndpoint(op.NewEndpoint(PathIntrospect)),
		op.WithIDTokenHintVerifierOpts(op.WithSupportedIDTokenHintSigningAlgorithms(supported()...)),
	}
	if public.Scheme == "http" { // on this machine alone
		options = append(options, op.WithAllowInsecure())
	}
	var err error
	s.provider, err = op.NewProvider(&op.Config{
		CodeMethodS256: true, AuthMethodPost: true, AuthMethodPrivateKeyJWT: true, GrantTypeRefreshToken: true,
	}, storage{s}, op.StaticIssuer(s.issuer), options...)
	if err != nil {
		return nil, fmt.Errorf("set up the OpenID Connect provider: %w", err)
	}
	return s, nil
}

// The addresses of the endpoints, under our own.
const (
	PathKeys       = "/.well-known/jwks.json"
	PathAuthorize  = "/oauth2/authorize"
	PathToken      = "/oauth2/token" // #nosec G101 -- an address
	PathUserinfo   = "/oauth2/userinfo"
	PathIntrospect = "/oauth2/introspect"
	PathRevoke     = "/oauth2/revoke"
	PathEndSession = "/oauth2/logout"
)

// Upkeep makes the keys that are due, and deletes what is over.
func (s *Service) Upkeep(ctx context.Context) error {
	if err := s.keys.Rotate(ctx); err != nil {
		return err
	}
	err := db.Drain(ctx, s.pool, s.q.OIDCGrantDeleteOld, s.q.OIDCTokenDeleteOld, s.q.OIDCAssertionDeleteOld)
	if err != nil {
		return fmt.Errorf("delete old grants: %w", err)
	}
	return nil
}

// client returns a client by its id, or errNoClient.
func (s *Service) client(ctx context.Context, id string) (*client, error) {
	return s.clientBy(ctx, dbsqlc.OIDCClientParams{ClientID: id})
}

func (s *Service) clientBy(ctx context.Context, by dbsqlc.OIDCClientParams) (*client, error) {
	r, err := s.q.OIDCClient(ctx, s.pool, by)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoClient
	}
	if err != nil {
		return nil, fmt.Errorf("find an OpenID Connect client: %w", err)
	}
	return &client{row: r, keys: parseKeySet(r.KeySet)}, nil
}
