// Bench measures the program against the goals of its speed, by the method that docs/benchmarks.md tells, prints the
// table of goals, and writes it there: make bench, and make bench/short. Start at run.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nightlatch/nightlatch/db/localpg"
	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
)

func main() {
	var err error
	if len(os.Args) > 2 && os.Args[1] == controlFlag {
		err = control(os.Args[2:])
	} else {
		err = run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	t       *program.Tester
	short   bool
	check   string // the path of the session check
	peer    string // the program oauth2-proxy
	root    string // of the repository
	binary  string
	began   time.Time
	meter   *meter
	echo    *process
	remarks []string

	provider    *rounder
	postgres    *localpg.Server
	postgresLog string
	worlds      map[string]*world
}

// run measures, prints and writes.
func run() error {
	b := &bench{t: program.NewTester("bench"), meter: newMeter(), began: time.Now(), worlds: map[string]*world{}}
	flag.BoolVar(&b.short, "short", false, "less than 90 seconds: fewer and shorter rounds, less data")
	flag.StringVar(&b.check, "check", paths.DoorAuthRequest, "the path of the session check")
	flag.StringVar(&b.peer, "peer", "", "the program oauth2-proxy, where it could be built")
	only := flag.String("only", "", "these goals alone, such as G1,G4")
	out := flag.String("out", "", "the file to write; none when it is not given")
	flag.Parse()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		b.t.Clean() // no process outlives the run
		os.Exit(1)
	}()
	var results []result
	err := b.t.Caught(func() {
		b.prepare()
		for _, g := range goals() {
			if *only == "" || slices.ContainsFunc(g.ids, func(id string) bool {
				return slices.Contains(strings.Split(*only, ","), id)
			}) {
				results = append(results, g.measure(b)...)
			}
		}
	})
	if err != nil {
		return err
	}
	results = merged(results)
	text := b.table(results)
	fmt.Print(text)
	if *out == "" {
		return nil
	}
	return os.WriteFile(*out, []byte(b.page(text)), 0o644) // #nosec G306 G703 -- a page of documentation
}

// prepare finds the program, and starts what all goals need.
func (b *bench) prepare() {
	var err error
	if b.root, err = os.Getwd(); err != nil {
		b.t.Fatal(err)
	}
	b.binary = filepath.Join(b.root, "bin", "nightlatch")
	if _, err := os.Stat(b.binary); err != nil {
		b.t.Fatalf("%v: run make bench", err)
	}
	program.Use(b.binary)
	b.provider = newProvider()
	b.t.Cleanup(b.provider.Close)
	b.startPostgres()
	addr := program.FreeAddress(b.t)
	b.echo = b.startControl("echo", addr)
	b.echo.addr = addr
	b.await(b.echo, "/")
}

// world is a database of that name with its data, made when it is first asked for.
func (b *bench) world(name string) *world {
	if b.worlds[name] == nil {
		data := small()
		switch name {
		case bigName:
			data = big()
		case ratedName:
			data = fill{offices: 100, users: codes, sessions: codes}
		}
		if b.short && name != ratedName {
			data = data.tenth()
		}
		rate := "100000" // the provider's own limit is what is measured
		if name == ratedName {
			rate = ""
		}
		b.worlds[name] = b.newWorld(name, data, rate)
	}
	return b.worlds[name]
}

// The databases: one of 100 000 sessions and little else, one of a million and a past, and one whose node keeps to the
// default rate of messages.
const (
	smallName = "small"
	bigName   = "big"
	ratedName = "rated"
)

// times is how many rounds there are, and how long a slice is.
func (b *bench) times() (rounds int, slice time.Duration) {
	if b.short {
		return 3, 700 * time.Millisecond
	}
	return 7, 3 * time.Second
}
