package handlers

import (
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/issuer"
	"github.com/nightlatch/nightlatch/internal/session"
)

// elsewhere is an application whose requests reach another node, with nothing in memory that this one has.
func (p *relyingParty) elsewhere() *relyingParty {
	p.f.t.Helper()
	f := *p.f
	f.services.Sessions = session.NewStore(f.pool, factory.AuditLog())
	f.services.Signing = issuer.NewKeys(f.pool, f.ring, factory.AuditLog())
	provider, err := issuer.New(f.pool, f.ring, f.services.Signing,
		application.New(f.pool, factory.AuditLog(), "localhost"), factory.AuditLog(),
		&url.URL{Scheme: "http", Host: "localhost"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.services.Issuer = provider
	f.site = f.rebuild(f.services)
	there := *p
	there.f, there.ctx = &f, oidc.ClientContext(f.t.Context(), &http.Client{Transport: inside{&f}})
	if there.provider, err = oidc.NewProvider(there.ctx, "http://localhost"); err != nil {
		f.t.Fatal(err)
	}
	return &there
}

// works returns what an access token and a refresh token are still good for.
func (p *relyingParty) works(token *oauth2.Token) (what []string) {
	if _, err := p.provider.UserInfo(p.ctx, oauth2.StaticTokenSource(token)); err == nil {
		what = append(what, "userinfo")
	}
	if p.introspect(token.AccessToken)["active"] == true {
		what = append(what, "introspection")
	}
	if _, err := p.refresh(token); err == nil {
		what = append(what, "refresh")
	}
	return what
}

func (p *relyingParty) refresh(token *oauth2.Token) (*oauth2.Token, error) {
	return p.config.TokenSource(p.ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
}

// What one node issued another redeems, and what ends on one is worth nothing on the other, whichever of the two was
// first.
func TestTokensEndOnEveryNodeWhoeverIsFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	here := f.register("Payroll", nil)
	there := here.elsewhere()
	registry := application.New(f.pool, factory.AuditLog(), "localhost")
	disable := func(disabled bool) {
		if err := registry.Disable(t.Context(), here.app, disabled, audit.CommandLine, ""); err != nil {
			t.Error(err)
		}
	}
	role := func(role string) {
		f.Exec("update users set role = $1 where username = 'user' and office_id = (select id from offices "+
			"where code = 'ACME')", role)
	}
	f.Exec("update applications set roles = '{user,superuser}'")
	ends := map[string]struct{ end, undo func(cookie string) }{
		"a log-out":       {func(cookie string) { f.ask(http.MethodPost, "/logout", cookie, "x=y") }, nil},
		"the application": {func(string) { disable(true) }, func(string) { disable(false) }},
		"the role":        {func(string) { role("accountant") }, func(string) { role("user") }},
	}
	uses := map[string]func(p *relyingParty, code string, token *oauth2.Token) (*oauth2.Token, error){
		"a code": func(p *relyingParty, code string, _ *oauth2.Token) (*oauth2.Token, error) { return p.exchange(code) },
		"a refresh": func(p *relyingParty, _ string, token *oauth2.Token) (*oauth2.Token, error) {
			return p.refresh(token)
		},
	}
	won := 0
	for ending, e := range ends {
		for using, use := range uses {
			for round := range 6 {
				cookie := f.in("ACME/user")
				token, code := here.tokens(cookie), here.code(cookie)
				if claims := there.claims(token); claims["sub"] == nil {
					t.Fatalf("%v", claims)
				}
				var both sync.WaitGroup
				var got *oauth2.Token
				both.Go(func() { e.end(cookie) })
				both.Go(func() { got, _ = use(there, code, token) })
				both.Wait()
				for _, each := range []*oauth2.Token{token, got} {
					if each == nil {
						continue
					}
					for node, p := range []*relyingParty{here, there} {
						if left := p.works(each); left != nil {
							t.Errorf("%s against %s, round %d: on node %d serve %v", using, ending, round, node, left)
						}
					}
				}
				if got != nil {
					won++
				}
				if _, err := there.exchange(code); err == nil {
					t.Errorf("%s against %s: a code serves after it", using, ending)
				}
				if e.undo != nil {
					e.undo(cookie)
				}
				f.Exec("update sessions set ended_at = now() where ended_at is null")
			}
		}
	}
	t.Logf("%d of 36 were in time", won)
}
