package issuer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/jackc/pgx/v5"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/session"
)

// storage is what the library asks for. Its errors are the library's: what is wrong with a request is told to the
// client, everything else is a fault of ours.
type storage struct{ *Service }

// call is one request to an endpoint of machines: what the library asks without saying for which client.
type call struct {
	from   session.Client
	client *client // the one that was looked up last
	grant  *grant  // of which it wants something
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

func (s storage) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := s.client(ctx, id)
	if errors.Is(err, errNoClient) {
		return nil, oidc.ErrInvalidClient().WithParent(err)
	}
	if err != nil {
		return nil, oidc.ErrServerError().WithParent(err)
	}
	if c.row.Disabled {
		return nil, oidc.ErrInvalidClient().WithDescription("the application is disabled")
	}
	callOf(ctx).client = c
	return c, nil
}

func (s storage) AuthorizeClientIDSecret(ctx context.Context, id, secret string) error {
	if _, err := s.GetClientByClientID(ctx, id); err != nil {
		return err
	}
	ok, err := s.q.OIDCSecretMatches(ctx, s.pool, dbsqlc.OIDCSecretMatchesParams{
		ClientID: id, SecretHash: session.Token(secret).Hash(),
	})
	if err != nil {
		return oidc.ErrServerError().WithParent(err)
	}
	if !ok {
		return oidc.ErrInvalidClient().WithDescription("the secret is wrong")
	}
	return nil
}

// AuthRequestByCode returns the grant of a code. One that comes a second time takes away what came of the first.
func (s storage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	codeHash := session.Token(code).Hash()
	if codeHash == nil {
		return nil, oidc.ErrInvalidGrant().WithDescription("no such code")
	}
	r, err := s.q.OIDCStandingOfCode(ctx, s.pool, codeHash)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, oidc.ErrInvalidGrant().WithDescription("no such code, or its session has ended")
	}
	if err != nil {
		return nil, oidc.ErrServerError().WithParent(err)
	}
	g := &grant{standing{r.OidcStanding, r.Now, r.Held}}
	callOf(ctx).grant = g
	switch {
	case g.RedeemedAt != nil:
		return nil, s.end(ctx, g.ID, "the code was used before")
	case g.CodeUntil == nil || !g.CodeUntil.After(g.now):
		return nil, oidc.ErrInvalidGrant().WithDescription("the code is too old")
	}
	return g, s.allowed(&g.standing)
}

// allowed returns why a grant is worth nothing now, nil when it is.
func (s storage) allowed(g *standing) error {
	if refusal := g.refusal(); refusal != application.Allowed {
		return oidc.ErrInvalidGrant().WithDescription("the user may not enter now: %s", refusal)
	}
	return nil
}

// end ends a grant with all its tokens, and returns why.
func (s storage) end(ctx context.Context, grantID int64, why string) error {
	if _, err := s.q.OIDCGrantEnd(ctx, s.pool, grantID); err != nil {
		return oidc.ErrServerError().WithParent(err)
	}
	return oidc.ErrInvalidGrant().WithDescription("%s", why)
}

func (s storage) CreateAccessToken(ctx context.Context, request op.TokenRequest) (string, time.Time, error) {
	id, _, until, err := s.issue(ctx, request, "", false)
	return id, until, err
}

func (s storage) CreateAccessAndRefreshTokens(ctx context.Context, request op.TokenRequest, current string) (
	id, refreshed string, until time.Time, err error,
) {
	return s.issue(ctx, request, current, true)
}

// issue makes tokens for a code or a refresh token, each of which serves once: whoever is second in a race ends all
// that came of it.
func (s storage) issue(ctx context.Context, request op.TokenRequest, current string, refreshing bool) (
	id, refreshed string, until time.Time, err error,
) {
	var grantID int64
	var use func(tx pgx.Tx) (int64, error)
	switch r := request.(type) {
	case *grant:
		grantID, use = r.ID, func(tx pgx.Tx) (int64, error) { return s.redeem(ctx, tx, r.ID) }
	case *refresh:
		grantID, use = r.ID, func(tx pgx.Tx) (int64, error) {
			return s.q.OIDCRefresh(ctx, tx, session.Token(current).Hash())
		}
	default:
		return "", "", time.Time{}, oidc.ErrUnsupportedGrantType()
	}
	insert := dbsqlc.OIDCTokenInsertParams{GrantID: grantID, Scopes: request.GetScopes()}
	if refreshing {
		token := session.NewToken()
		refreshed, insert.RefreshHash = string(token), token.Hash()
	}
	var row dbsqlc.OIDCTokenInsertRow
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		n, err := use(tx)
		if err == nil && n == 0 {
			return errTwice
		}
		if err == nil {
			row, err = s.q.OIDCTokenInsert(ctx, tx, insert)
		}
		return err
	})
	switch {
	case errors.Is(err, errTwice):
		return "", "", time.Time{}, s.end(ctx, grantID, "it was used before")
	case errors.Is(err, pgx.ErrNoRows): // it ended meanwhile
		return "", "", time.Time{}, oidc.ErrInvalidGrant().WithDescription("the grant has ended")
	case err != nil:
		return "", "", time.Time{}, oidc.ErrServerError().WithParent(fmt.Errorf("make tokens: %w", err))
	}
	return strconv.FormatInt(row.ID, 10), refreshed, row.ExpiresAt, nil
}

// redeem takes a code that serves once. An application that wants to be told of the end of the session is remembered.
func (s storage) redeem(ctx context.Context, tx pgx.Tx, grantID int64) (int64, error) {
	n, err := s.q.OIDCRedeem(ctx, tx, grantID)
	if c := callOf(ctx).client; err == nil && n > 0 && c != nil && c.row.BackchannelLogoutUri != "" {
		err = s.q.OIDCVisitPut(ctx, tx, grantID)
	}
	return n, err
}

var errTwice = errors.New("used twice")

// TokenRequestByRefreshToken returns what a refresh token stands for. One that comes a second time was stolen by one of
// the two who have it: nobody has it any more.
func (s storage) TokenRequestByRefreshToken(ctx context.Context, token string) (op.RefreshTokenRequest, error) {
	r, err := s.q.OIDCStandingOfRefresh(ctx, s.pool, session.Token(token).Hash())
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, oidc.ErrInvalidGrant().WithDescription("no such refresh token, or its session has ended")
	}
	if err != nil {
		return nil, oidc.ErrServerError().WithParent(err)
	}
	found := &refresh{standing{r.OidcStanding, r.Now, r.Held}, r.Scopes}
	callOf(ctx).grant = &grant{found.standing}
	if c := callOf(ctx).client; c == nil || c.GetID() != found.ClientID {
		return nil, oidc.ErrInvalidGrant().WithDescription("the refresh token is another client's")
	}
	if r.Used {
		return nil, s.end(ctx, found.ID, "the refresh token was used before")
	}
	return found, s.allowed(&found.standing)
}

// GetRefreshTokenInfo returns the row of a refresh token that is to be revoked.
func (s storage) GetRefreshTokenInfo(ctx context.Context, clientID, token string) (userID, tokenID string, _ error) {
	tokenHash := session.Token(token).Hash()
	if tokenHash == nil {
		return "", "", op.ErrInvalidRefreshToken
	}
	r, err := s.q.OIDCTokenGrant(ctx, s.pool, dbsqlc.OIDCTokenGrantParams{ClientID: clientID, RefreshHash: tokenHash})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", op.ErrInvalidRefreshToken
	}
	if err != nil {
		return "", "", err
	}
	return "", strconv.FormatInt(r.ID, 10), nil
}

// RevokeToken ends the grant of a client's token, whichever of its tokens it is. Nobody learns which tokens there are.
func (s storage) RevokeToken(ctx context.Context, token, _, clientID string) *oidc.Error {
	id, err := strconv.ParseInt(token, 10, 64)
	if err != nil {
		return nil //nolint:nilerr // a token that nobody has is none that serves
	}
	r, err := s.q.OIDCTokenGrant(ctx, s.pool, dbsqlc.OIDCTokenGrantParams{ClientID: clientID, ID: id})
	if err == nil {
		_, err = s.q.OIDCGrantEnd(ctx, s.pool, r.GrantID)
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return oidc.ErrServerError().WithParent(err)
	}
	return nil
}

// SigningKey returns the key for the client whose tokens are made.
func (s storage) SigningKey(ctx context.Context) (op.SigningKey, error) {
	algorithm := jose.RS256
	if c := callOf(ctx).client; c != nil {
		algorithm = jose.SignatureAlgorithm(c.row.Algorithm)
	}
	id, private, err := s.keys.signing(ctx, algorithm)
	return signingKey{id, algorithm, private}, err
}

type signingKey struct {
	id        string
	algorithm jose.SignatureAlgorithm
	key       any
}

func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return k.algorithm }
func (k signingKey) Algorithm() jose.SignatureAlgorithm          { return k.algorithm }
func (k signingKey) Key() any                                    { return k.key }
func (k signingKey) ID() string                                  { return k.id }
func (k signingKey) Use() string                                 { return "sig" }

func (s storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return algorithms(), nil
}

func (s storage) KeySet(ctx context.Context) ([]op.Key, error) {
	published, err := s.keys.Published(ctx)
	all := make([]op.Key, len(published))
	for i, k := range published {
		all[i] = signingKey{k.ID, k.Algorithm, k.Public}
	}
	return all, err
}

// GetKeyByIDAndClientID returns the key that a client has signed its request with.
func (s storage) GetKeyByIDAndClientID(ctx context.Context, keyID, clientID string) (*jose.JSONWebKey, error) {
	if _, err := s.GetClientByClientID(ctx, clientID); err != nil {
		return nil, err
	}
	for _, k := range callOf(ctx).client.keys {
		if k.KeyID == keyID {
			return &k, nil
		}
	}
	return nil, oidc.ErrInvalidClient().WithDescription("no such key")
}
