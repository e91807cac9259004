package federation

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

const (
	// knownFor is how long a provider's description of itself is believed without asking again, failedFor how long it
	// is left alone when there was none. Within either, and while it is being asked, nobody who types office codes at
	// the log-in page makes us call it.
	knownFor, failedFor = 5 * time.Minute, 30 * time.Second
	// knownMost bounds the memory of descriptions.
	knownMost = 500
)

// discovered is a provider as it describes itself.
type discovered struct {
	*oidc.Provider
	iss   bool // its answers name it (RFC 9207)
	style oauth2.AuthStyle
}

// directory remembers what providers said of themselves, and that one said nothing. Each is asked by one caller at a
// time, for all who wait.
type directory struct {
	client *http.Client
	plain  bool
	asking singleflight.Group

	mu    sync.Mutex
	known map[string]entry // by issuer
}

type entry struct {
	discovered
	trouble *Trouble // nil when there is a description
	until   time.Time
}

func newDirectory(client *http.Client, plain bool) *directory {
	return &directory{client: client, plain: plain, known: map[string]entry{}}
}

// discover returns how a provider describes itself, as it said a while ago unless again is asked for. Its error is a
// *Trouble.
func (d *directory) discover(ctx context.Context, issuer string, again bool) (discovered, error) {
	d.mu.Lock()
	e, ok := d.known[issuer]
	d.mu.Unlock()
	if !ok || again || time.Now().After(e.until) {
		answer := d.asking.DoChan(issuer, func() (any, error) { return d.ask(ctx, issuer), nil })
		select {
		case <-ctx.Done():
			return discovered{}, &Trouble{Kind: Unreachable, err: ctx.Err()}
		case said := <-answer:
			e, _ = said.Val.(entry)
		}
	}
	if e.trouble != nil {
		told := *e.trouble // who gets it writes the office into it
		return discovered{}, &told
	}
	return e.discovered, nil
}

// ask asks a provider on behalf of all who wait, so that none of them can cut it short, and remembers what came.
func (d *directory) ask(ctx context.Context, issuer string) entry {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callLimit)
	defer cancel()
	e := entry{until: time.Now().Add(knownFor)}
	e.discovered, e.trouble = d.read(ctx, issuer)
	if e.trouble != nil {
		e.until = time.Now().Add(failedFor)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.known) >= knownMost {
		clear(d.known)
	}
	d.known[issuer] = e
	return e
}

func (d *directory) read(ctx context.Context, issuer string) (discovered, *Trouble) {
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, d.client), issuer)
	if err != nil {
		return discovered{}, &Trouble{Kind: discoveryTrouble(err), err: clipped(err)}
	}
	var said struct {
		Auth    string   `json:"authorization_endpoint"`
		Token   string   `json:"token_endpoint"`
		Keys    string   `json:"jwks_uri"`
		Iss     bool     `json:"authorization_response_iss_parameter_supported"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		PKCE    []string `json:"code_challenge_methods_supported"`
	}
	if err := p.Claims(&said); err != nil {
		return discovered{}, &Trouble{Kind: NoDescription, err: clipped(err)}
	}
	for _, address := range []string{said.Auth, said.Token, said.Keys} {
		if u, err := url.Parse(address); err != nil || !safe(u, d.plain) {
			return discovered{}, &Trouble{Kind: BadEndpoints, err: errors.New("an endpoint is missing or not https")}
		}
	}
	found := discovered{p, said.Iss, oauth2.AuthStyleInHeader}
	switch {
	// the default of the specification
	case len(said.Methods) == 0 || slices.Contains(said.Methods, "client_secret_basic"):
	case slices.Contains(said.Methods, "client_secret_post"):
		found.style = oauth2.AuthStyleInParams
	default:
		return discovered{}, &Trouble{Kind: NoMethods, err: errors.New("the provider takes no client secret")}
	}
	// Who lists methods and leaves S256 out would ignore our challenge; who lists none may know it.
	if len(said.PKCE) > 0 && !slices.Contains(said.PKCE, "S256") {
		return discovered{}, &Trouble{Kind: NoMethods, err: errors.New("the provider knows no PKCE with S256")}
	}
	return found, nil
}

func discoveryTrouble(err error) Kind {
	var other *oidc.IssuerMismatchError
	switch {
	case errors.As(err, &other):
		return OtherIssuer
	case errors.Is(err, errPrivate):
		return PrivateAddress
	case unreachable(err):
		return Unreachable
	}
	return NoDescription
}
