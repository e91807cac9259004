// Command server runs a database of its own in a folder, for tests in the browser that stop it: it prints the address,
// stops and starts the server as each line of its standard input says, answers with the same word, and ends with it.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/nightlatch/nightlatch/db/localpg"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: server FOLDER")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, in io.Reader, out io.Writer) error {
	server, err := start(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, server.URL())
	for lines := bufio.NewScanner(in); lines.Scan(); {
		switch word := lines.Text(); {
		case word == "stop" && server != nil:
			err = server.Stop(ctx)
			server = nil
		case word == "start" && server == nil:
			server, err = start(ctx, dir)
		default:
			err = fmt.Errorf("it does not %s now", word)
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(out, lines.Text())
	}
	if server == nil {
		return nil
	}
	return server.Stop(ctx)
}

func start(ctx context.Context, dir string) (*localpg.Server, error) {
	return localpg.Start(ctx, dir, localpg.Options{
		BinDir: os.Getenv("PG_BINDIR"), ExtraBinDirs: []string{filepath.Join(".tools", "postgres", "bin")}, Fast: true,
	})
}
