// Package localpg runs a PostgreSQL of Nightlatch's own when DATABASE_URL is unset.
//
// The server is a direct child of the process that started it and listens on a unix socket
// in a folder only its account may enter: no port, no password. It lives no longer than its owner.
//
// The rule it protects: one data folder, one server, one owner. The owner holds a lock on the
// folder; every other command attaches to the owner's server and never stops it.
//
// Start here: [Start] tells the story, claim.go holds the lock, place.go decides where data lies,
// cluster.go makes it, process.go runs it.
package localpg

import (
	"errors"
	"net/url"
	"strings"
)

// Database is the name of the database, and of the role that owns it, in every local cluster.
// The role is no superuser, so that a migration that needs one is noticed here first.
const Database = "nightlatch"

// port only names the socket file. It stands in every connection string, because a PGPORT in
// the environment would otherwise send clients to another file.
const port = "5432"

var (
	// ErrOwned means that Options.Exclusive was asked for and another process owns the server.
	ErrOwned = errors.New("another Nightlatch already runs here")

	// ErrNotFound means that this machine has no PostgreSQL server that can be used.
	ErrNotFound = errors.New("no PostgreSQL server found")
)

// Options say how Start finds and runs the server. The zero value suits a short command.
type Options struct {
	BinDir       string   // the folder with initdb and postgres (PG_BINDIR); when set, the only place looked in
	ExtraBinDirs []string // folders looked in beside the usual ones, such as the one `make postgres` fills
	Exclusive    bool     // refuse with ErrOwned when another process owns the server: for serve
	Fast         bool     // fsync off: a power cut loses everything. For tests
}

// Server is a running local PostgreSQL, owned by this process or attached to.
type Server struct {
	socket string // the folder of the socket
	data   string
	hold   *hold
	run    *running // nil when attached
}

// URL returns the connection string of the database named Database.
func (s *Server) URL() string { return s.DatabaseURL(Database) }

// DatabaseURL returns the connection string of another database on the same server. It does not create it.
func (s *Server) DatabaseURL(name string) string {
	// A blank is %20 here: pgx takes the + of a form for a plus.
	query := strings.ReplaceAll(url.Values{"host": {s.socket}, "port": {port}}.Encode(), "+", "%20")
	address := url.URL{Scheme: "postgres", User: url.User(Database), Host: "", Path: "/" + name, RawQuery: query}
	return address.String()
}
