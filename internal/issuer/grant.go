package issuer

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
)

// idTokenLife is how long an ID token says that it is good; it is looked at when it comes.
const idTokenLife = 10 * time.Minute

// standing is a grant whose session lives, as it is now.
type standing struct {
	dbsqlc.OidcStanding
	now  time.Time
	held bool // a day pass, or cooling off: what is sensitive is closed
}

// refusal judges a grant by what its application demands now.
func (g *standing) refusal() application.Refusal {
	door := application.Door{
		Admitted: g.Admitted, Disabled: g.Disabled, Off: g.Off, Roles: application.RolesOf(g.Roles),
		RequireTwoFactor: g.RequireTwoFactor, MaxFactorAge: g.MaxFactorAge,
		Sensitive: g.Sensitive,
	}
	visitor := application.Visitor{
		Role: account.Role(g.Role), Unfinished: g.Demanded && g.Level < 2 || g.PasswordTooShort, Level: int(g.Level),
		Limited: g.held,
	}
	if g.SecondFactorAt != nil {
		visitor.FactorAge = g.now.Sub(*g.SecondFactorAt)
	} else if g.Level == 2 { // a trusted browser's: nothing was proven
		visitor.Level, visitor.Trusted = 1, true
	}
	return door.Decide(visitor)
}

func (g *standing) GetAMR() []string       { return g.Amr }
func (g *standing) GetAudience() []string  { return []string{g.ClientID} }
func (g *standing) GetAuthTime() time.Time { return g.AuthTime }
func (g *standing) GetClientID() string    { return g.ClientID }
func (g *standing) GetSubject() string     { return g.Subject }

// grant is an authorization whose code has come, as the library asks about it.
type grant struct{ standing }

func (g *grant) GetID() string                      { return "" }
func (g *grant) GetACR() string                     { return g.Acr }
func (g *grant) GetNonce() string                   { return g.Nonce }
func (g *grant) GetRedirectURI() string             { return g.RedirectUri }
func (g *grant) GetResponseType() oidc.ResponseType { return oidc.ResponseTypeCode }
func (g *grant) GetResponseMode() oidc.ResponseMode { return oidc.ResponseModeQuery }
func (g *grant) GetScopes() []string                { return g.Scopes }
func (g *grant) GetState() string                   { return g.State }
func (g *grant) Done() bool                         { return true }

func (g *grant) GetCodeChallenge() *oidc.CodeChallenge {
	if g.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: g.CodeChallenge, Method: oidc.CodeChallengeMethodS256}
}

// refresh is a refresh token that has come.
type refresh struct {
	standing
	scopes []string
}

func (r *refresh) GetScopes() []string              { return r.scopes }
func (r *refresh) SetCurrentScopes(scopes []string) { r.scopes = scopes }
