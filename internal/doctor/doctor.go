// Package doctor examines an installation and reports, a line for each thing, what is well and what is not.
//
// The rule it protects: looking changes nothing, sends nothing, and prints no secret and no number. Start at Examine.
package doctor

import (
	"cmp"
	"context"
	"io"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/proxy"
)

// Settings is what the configuration says, read and validated already.
type Settings struct {
	URL           *url.URL
	Provider      string   // as SMS_PROVIDER names it
	ProviderError error    // what is wrong with the settings of the providers
	Providers     []string // all that are set up, as in the sends
	// ProviderWarnings are sentences about settings that work and should be better.
	ProviderWarnings []string
	Demo             bool
	Mail             bool   // a mail server is set up
	MailName         string // what it is told this machine is called
	Proxies          proxy.Trusted
	SSONetworks      []netip.Prefix // private networks in which a provider of single sign-on may be
	KeyFile          string
	KeyFileMade      bool   // serve makes a missing key file
	Data             string // the folder of the local database, "" with DATABASE_URL
	Currency         string
	BalanceWarn      float64 // a provider's balance below which to warn
	ListenURL        string  // by which changes are heard, "" for the database's own
	// Open returns the URL of the database. done ends what had to be started for it.
	Open func(ctx context.Context) (url string, done func(), err error)
}

// installation is what the checks look at.
type installation struct {
	Settings
	q    *dbsqlc.Queries
	ring *keys.Ring // nil when the key file cannot be read
	pool *db.Pool   // nil until the database answers
}

// check is one thing to look at. Its error says that the database could not be asked.
type check func(in *installation, ctx context.Context, r *report) error

// Examine prints its findings to out, and returns an error that counts the problems; warnings are none.
func Examine(ctx context.Context, s Settings, out io.Writer) error {
	r := &report{out: out}
	in := &installation{Settings: s, q: dbsqlc.New()}
	in.origin(r)
	in.proxies(r)
	in.singleSignOn(r)
	in.provider(r)
	in.mail(r)
	in.keyFile(r)
	in.database(ctx, r)
	return r.err()
}

// Wrong prints that the configuration cannot be used, as the only finding. It returns an error as Examine does.
func Wrong(err error, out io.Writer) error {
	r := &report{out: out}
	r.problem("The environment: %s.", err)
	return r.err()
}

// database asks the database, in the order in which one thing needs the other.
func (in *installation) database(ctx context.Context, r *report) {
	if in.Data != "" {
		if _, err := os.Stat(in.Data); err != nil {
			r.problem("There is no installation here: DATABASE_URL is not set, and there is no folder %s. "+
				"Set DATABASE_URL, or run nightlatch serve once.", in.Data)
			return
		}
	}
	address, closeDB, err := in.Open(ctx)
	if err != nil {
		r.problem("The local database: %s.", err)
		return
	}
	defer closeDB()
	pgxPool, err := db.Connect(ctx, address, 1)
	if err != nil {
		r.problem("The database does not answer: %s. Check DATABASE_URL, the network, and that PostgreSQL runs.", err)
		return
	}
	defer pgxPool.Close()
	in.pool = db.NewPool(pgxPool)
	if err := in.server(ctx, r); err != nil {
		r.problem("The database: %s.", err)
		return
	}
	if err := db.Current(ctx, in.pool); err != nil {
		text := err.Error()
		r.problem("%s%s.", strings.ToUpper(text[:1]), text[1:])
		return
	}
	r.ok("The schema is this program's.")
	if err := db.Hears(ctx, cmp.Or(in.ListenURL, address), in.pool); err != nil {
		r.warning("Changes are not heard, and every check of a session asks the database: %s.", err)
	} else {
		r.ok("Changes of other nodes are heard.")
	}
	for _, check := range []check{
		(*installation).keys, (*installation).workers, (*installation).queues, (*installation).providers,
		(*installation).delivery, (*installation).spending, (*installation).prefixes, (*installation).superusers,
		(*installation).operators, (*installation).visitors, (*installation).mails, (*installation).clocks,
	} {
		if err := check(in, ctx, r); err != nil {
			r.problem("The database: %s.", err)
		}
	}
}
