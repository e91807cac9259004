// Package federation lets an office's users sign in by the office's own OpenID Connect provider.
//
// The rules it protects. Where the office demands two factors its policy decides, read again at the
// call-back and held until what follows from it is written: refused, there is an audit event and nothing
// else, no session, no link, no cookie. A user is found by issuer and subject, never by an e-mail address
// or a name; a link is made by the user's own log-in here. Every flow belongs to the browser that began
// it and serves once. Start at Begin, then Return.
package federation

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/session"
)

// PathCallback is where the provider sends the browser back to: what is registered there is NIGHTLATCH_URL and this.
const PathCallback = "/login/sso/callback"

// Policy is what a sign-in by the provider is worth where the office demands two factors.
type Policy string

// The policies.
const (
	Refuse Policy = "refuse" // nothing
	Trust  Policy = "trust"  // both factors, when the provider says that it saw a second one just now
	Ask    Policy = "ask"    // one factor: ours is asked for as after a password
)

// Valid reports whether p is one of the policies.
func (p Policy) Valid() bool { return p == Refuse || p == Trust || p == Ask }

var (
	// ErrNone says that there is no provider under this office code, or no such office.
	ErrNone = fault.New(fault.NotFound, "no single sign-on here")
	// ErrSeveral says that several offices have a provider of this issuer.
	ErrSeveral = fault.New(fault.Conflict, "several offices use this provider")
	// ErrTooMany says that too many sign-ins from one network are not finished.
	ErrTooMany = fault.New(fault.Unavailable, "too many sign-ins from this network are not finished")
	// ErrFlow says that this answer belongs to no sign-in of this browser: used, expired, or somebody else's.
	ErrFlow = fault.New(fault.Ended, "no such sign-in under way in this browser")
	// ErrLinked says that the user, or the provider's account, has a link already.
	ErrLinked = fault.New(fault.Conflict, "already linked")
	// ErrNotAllowed says that only a superuser may do this.
	ErrNotAllowed = fault.Forbidden
)

// Refused says that the office's policy does not take this sign-in. Why is "" when it takes none, else
// what the provider did not say: "second_factor" or "auth_time".
type Refused struct {
	OfficeCode string
	Why        string
}

func (r *Refused) Error() string { return "single sign-on refused in an office with two factors" }

// Opener begins the session of a user in the transaction that proved who they are: twofactor.Service.
type Opener interface {
	Open(ctx context.Context, tx pgx.Tx, user account.User, language string, client session.Client,
		by session.AuthSource) (token session.Token, sent bool, err error)
}

// Service is the single sign-on of all offices.
type Service struct {
	pool   *db.Pool
	q      *dbsqlc.Queries
	keys   *keys.Ring
	opener Opener
	ways   *account.Ways
	log    *audit.Log
	public *url.URL
	client *http.Client
	idps   *directory
}

// New makes the Service. public is our own origin; where it is plain http, which is loopback alone, a provider on
// loopback may be plain http too. In a private network a provider may be where the operator allows it: offices choose
// their providers, and must not reach with our hands what they cannot reach with their own.
func New(
	pool *db.Pool, ring *keys.Ring, opener Opener, ways *account.Ways, log *audit.Log, public *url.URL,
	allowed ...netip.Prefix,
) *Service {
	plain := public.Scheme == "http"
	client := NewClient(plain, allowed)
	return &Service{
		pool: pool, q: dbsqlc.New(), keys: ring, opener: opener, ways: ways, log: log,
		public: public,
		client: client, idps: newDirectory(client, plain),
	}
}

// Callback is the address to register at the provider.
func (s *Service) Callback() string { return s.public.Scheme + "://" + s.public.Host + PathCallback }

// PathStart is where a tile at the provider leads.
const PathStart = "/login/sso/initiate"

// Start is the address of an office's tile at its provider.
func (s *Service) Start(officeCode string) string {
	return s.public.Scheme + "://" + s.public.Host + PathStart + "?" + url.Values{"office": {officeCode}}.Encode()
}

const (
	purposeSecret   = "sso client secret" // #nosec G101 -- names a purpose
	purposeVerifier = "sso verifier"
	purposeOnward   = "sso onward"
)

// row is the associated data of an office's client secret.
func row(officeID int64) string { return strconv.FormatInt(officeID, 10) }

// hash is what is kept of the state, the nonce and the browser's cookie.
func hash(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// callLimit bounds all calls to the provider in one request; what is left of the request's ten seconds is for the
// database.
const callLimit = 7 * time.Second
