//go:build unix

package localpg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldest is the first major version that takes CREATE DATABASE … STRATEGY, which our tests use.
const oldest = 15

// usualBinDirs are where packages put a server: Debian, Red Hat, Homebrew (Apple silicon, Intel,
// Linux), Postgres.app.
var usualBinDirs = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// install is a PostgreSQL on this machine.
type install struct {
	bin   string // the folder with initdb and postgres
	major int
}

func (i install) initdb() string   { return filepath.Join(i.bin, "initdb") }
func (i install) postgres() string { return filepath.Join(i.bin, "postgres") }

// findInstall returns the newest PostgreSQL that the account can run. A cluster's files are
// bound to their major version, so for an existing cluster it must be that one; major is then
// not 0.
func findInstall(opts Options, account account, major int) (install, error) {
	var usable []install
	var refused []string
	for _, bin := range binDirs(opts) {
		found, err := inspect(bin, account)
		switch {
		case errors.Is(err, os.ErrNotExist): // the client programs alone, mostly
		case err != nil:
			refused = append(refused, err.Error())
		case found.major < oldest:
			refused = append(refused, fmt.Sprintf("PostgreSQL %d in %s is older than %d", found.major, bin, oldest))
		case major == 0 || found.major == major:
			usable = append(usable, found)
		}
	}
	if len(usable) > 0 {
		return slices.MaxFunc(usable, func(a, b install) int { return cmp.Compare(a.major, b.major) }), nil
	}

	what := ErrNotFound.Error()
	if opts.BinDir != "" {
		what += " in " + opts.BinDir + ", which PG_BINDIR names"
	}
	if len(refused) > 0 {
		what += " (" + strings.Join(refused, "; ") + ")"
	}
	if major != 0 {
		return install{}, sentence{ErrNotFound, fmt.Sprintf("%s for the local database, which PostgreSQL %d made: "+
			"install that version, or set DATABASE_URL", what, major)}
	}
	return install{}, sentence{ErrNotFound, what + ": get one with `apt-get install postgresql`, " +
		"`brew install postgresql@17` or `make postgres`, or set DATABASE_URL"}
}

// sentence is an error in words of its own that still is one of ours.
type sentence struct {
	error
	text string
}

func (s sentence) Error() string { return s.text }
func (s sentence) Unwrap() error { return s.error }

// binDirs lists each real folder once; a link in PATH would otherwise hide which it is, or lead
// through a folder that the account cannot pass.
func binDirs(opts Options) []string {
	patterns := []string{opts.BinDir}
	if opts.BinDir == "" {
		patterns = slices.Concat(usualBinDirs, opts.ExtraBinDirs)
		if postgres, err := exec.LookPath("postgres"); err == nil {
			if resolved, err := filepath.EvalSymlinks(postgres); err == nil {
				patterns = append([]string{filepath.Dir(resolved)}, patterns...)
			}
		}
	}
	var dirs []string
	for _, pattern := range patterns {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		for _, match := range matches {
			resolved, err := filepath.EvalSymlinks(match)
			if err != nil {
				continue
			}
			if resolved, err = filepath.Abs(resolved); err == nil && !slices.Contains(dirs, resolved) {
				dirs = append(dirs, resolved)
			}
		}
	}
	return dirs
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// inspect asks the server for its version as the account that would run it.
func inspect(bin string, account account) (install, error) {
	i := install{bin: bin}
	for _, program := range []string{i.initdb(), i.postgres()} {
		if _, err := os.Stat(program); err != nil {
			return i, err
		}
	}
	out, err := account.command(context.Background(), 0, i.postgres(), "--version").CombinedOutput()
	if errors.Is(err, os.ErrPermission) && account.drop {
		return i, fmt.Errorf("account %s, which runs PostgreSQL for root, cannot run the one in %s", account.name, bin)
	}
	if err != nil {
		return i, fmt.Errorf("the one in %s does not run: %s", bin, cmp.Or(strings.TrimSpace(string(out)), err.Error()))
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return i, fmt.Errorf("the one in %s tells no version", bin)
	}
	i.major, err = strconv.Atoi(string(match[1]))
	return i, err
}
