//go:build unix

package localpg_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/db/localpg"
)

// fake makes a folder with an initdb and a postgres that only print.
func fake(t *testing.T, initdb, postgres string) string {
	t.Helper()
	bin := folder(t)
	err := errors.Join(
		os.Chmod(bin, 0o755),
		os.WriteFile(filepath.Join(bin, "initdb"), []byte("#!/bin/sh\n"+initdb+"\n"), 0o755),
		os.WriteFile(filepath.Join(bin, "postgres"), []byte("#!/bin/sh\n"+postgres+"\n"), 0o755),
	)
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

func TestASentenceSaysWhatToDo(t *testing.T) {
	t.Parallel()
	closed := fake(t, "exit 1", "echo postgres '(PostgreSQL)' 17.2")
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		bin      string
		rootOnly bool
		is       error
		says     []string
	}{
		"nothing there": {
			bin: folder(t),
			is:  localpg.ErrNotFound,
			says: []string{
				"PG_BINDIR", "apt-get install postgresql", "brew install postgresql@17", "make postgres", "DATABASE_URL",
			},
		},
		"too old": {
			bin:  fake(t, "exit 1", "echo postgres '(PostgreSQL)' 14.11"),
			is:   localpg.ErrNotFound,
			says: []string{"PostgreSQL 14 in", "older than 15"},
		},
		"broken": {
			bin:  fake(t, "exit 1", "echo no libicu >&2; exit 127"),
			is:   localpg.ErrNotFound,
			says: []string{"does not run: no libicu"},
		},
		"closed to its account": {
			bin:      closed,
			rootOnly: true,
			is:       localpg.ErrNotFound,
			says:     []string{"cannot run the one in " + closed},
		},
		"initdb fails": {
			bin:  fake(t, "echo disk full >&2; exit 1", "echo postgres '(PostgreSQL)' 17.2"),
			says: []string{"make the local database", "disk full"},
		},
		"the server does not start": {
			bin: fake(t, "exit 0", `case "$*" in *--single*) exit 0;;
				--version) echo postgres '(PostgreSQL)' 17.2;; *) echo FATAL: no memory >&2; exit 1;; esac`),
			says: []string{"start PostgreSQL", "FATAL: no memory"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.rootOnly && os.Geteuid() != 0 {
				t.Skip("only root hands its cluster to another account")
			}
			opts := options()
			opts.BinDir = test.bin
			_, err := localpg.Start(t.Context(), folder(t), opts)
			if err == nil {
				t.Fatal("it started")
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("it is not %q", test.is)
			}
			for _, want := range test.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			t.Log(err)
		})
	}
}

func TestAClusterWantsItsOwnVersion(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	stop(t, start(t, dir, options()))
	if err := os.WriteFile(filepath.Join(dataOf(dir), "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := localpg.Start(t.Context(), dir, options())
	if !errors.Is(err, localpg.ErrNotFound) || !strings.Contains(err.Error(), "PostgreSQL 9 made") {
		t.Errorf("for a cluster of PostgreSQL 9: %v", err)
	}
}
