package issuer

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"
)

// SetUserinfoFromRequest adds to an ID token what the library does not: how the user proved who they are, and in which
// session.
func (s storage) SetUserinfoFromRequest(
	_ context.Context, to *oidc.UserInfo, request op.IDTokenRequest, scopes []string,
) error {
	var g *standing
	switch r := request.(type) {
	case *grant:
		g = &r.standing
	case *refresh:
		g = &r.standing
		to.AppendClaims("acr", g.Acr)
	default:
		return oidc.ErrServerError()
	}
	g.tell(to, scopes)
	to.AppendClaims("sid", g.Sid)
	if g.FactorTime != nil {
		to.AppendClaims("nl_factor_time", g.FactorTime.Unix())
	}
	return nil
}

// tell writes what an application may know of a user.
func (g *standing) tell(to *oidc.UserInfo, scopes []string) {
	to.Subject = g.Subject
	for _, scope := range scopes {
		switch scope {
		case oidc.ScopeProfile:
			to.Name, to.PreferredUsername = g.Name, g.OfficeCode+"/"+g.Username
			if tag, err := language.Parse(g.Language); err == nil && g.Language != "" {
				to.Locale = oidc.NewLocale(tag)
			}
		case oidc.ScopeEmail:
			to.Email = g.Email
		case ScopeOffice:
			to.AppendClaims("office", map[string]string{"code": g.OfficeCode, "name": g.OfficeName})
			to.AppendClaims("role", g.Role)
		}
	}
}

// token returns what an access token stands for, if it serves now.
func (s *Service) token(ctx context.Context, id string) (found *standing, row tokenRow, err error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, row, errNoToken
	}
	r, err := s.q.OIDCStandingOfToken(ctx, s.pool, number)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, row, errNoToken
	}
	if err != nil {
		return nil, row, err
	}
	found = &standing{r.OidcStanding, r.Now, r.Held}
	if found.refusal() != "" {
		return nil, row, errNoToken
	}
	return found, tokenRow{r.Scopes, oidc.FromTime(r.IssuedAt), oidc.FromTime(r.ExpiresAt)}, nil
}

type tokenRow struct {
	scopes        []string
	issued, until oidc.Time
}

var errNoToken = errors.New("no such token")

// SetIntrospectionFromToken answers a client about a token of its own.
func (s storage) SetIntrospectionFromToken(
	ctx context.Context, to *oidc.IntrospectionResponse, tokenID, subject, clientID string,
) error {
	g, row, err := s.token(ctx, tokenID)
	if err != nil {
		return err
	}
	if g.ClientID != clientID || g.Subject != subject {
		return errNoToken
	}
	info := new(oidc.UserInfo)
	g.tell(info, row.scopes)
	info.AppendClaims("acr", g.Acr)
	to.SetUserInfo(info)
	to.Scope, to.ClientID, to.TokenType, to.Issuer = row.scopes, clientID, oidc.BearerToken, s.issuer
	to.Expiration, to.IssuedAt, to.AuthTime = row.until, row.issued, oidc.FromTime(g.AuthTime)
	to.Audience, to.AuthenticationMethodsReferences = []string{clientID}, g.Amr
	return nil
}

// What the library asks for other flows, which there are not here.

func (storage) CreateAuthRequest(context.Context, *oidc.AuthRequest, string) (op.AuthRequest, error) {
	return nil, errNotHere
}
func (storage) AuthRequestByID(context.Context, string) (op.AuthRequest, error) {
	return nil, errNotHere
}
func (storage) SaveAuthCode(context.Context, string, string) error     { return errNotHere }
func (storage) DeleteAuthRequest(context.Context, string) error        { return nil }
func (storage) TerminateSession(context.Context, string, string) error { return errNotHere }
func (storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}
func (storage) SetUserinfoFromToken(context.Context, *oidc.UserInfo, string, string, string) error {
	return errNotHere
}
func (storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return map[string]any{}, nil
}
func (storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errNotHere
}
func (storage) Health(context.Context) error { return nil }

var errNotHere = errors.New("this flow is not offered")
