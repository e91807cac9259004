//go:build unix

package localpg_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/localpg"
)

// childVariable makes the test binary another Nightlatch: its value is the data folder. The child
// starts, says on one line what came of it, and stops when its input ends.
const childVariable = "LOCALPG_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		child(dir, os.Getenv("LOCALPG_TEST_EXCLUSIVE") != "")
		return
	}
	os.Exit(m.Run())
}

func child(dir string, exclusive bool) {
	opts := options()
	opts.Exclusive = exclusive
	server, err := localpg.Start(context.Background(), dir, opts)
	switch {
	case err != nil:
		fmt.Println("error", err)
		return
	case server.Attached():
		fmt.Println("attached", server.URL())
	default:
		fmt.Println("owner", server.URL())
	}
	io.Copy(io.Discard, os.Stdin)
	if err := server.Stop(context.Background()); err != nil {
		fmt.Println("error", err)
		return
	}
	fmt.Println("stopped")
}

// options are those of the tests: throwaway data, and also the PostgreSQL of `make postgres`.
func options() localpg.Options {
	tools := os.Getenv("LOCALPG_TEST_TOOLS") // a child runs elsewhere
	if tools == "" {
		tools = "../../.tools/postgres/bin"
	}
	return localpg.Options{BinDir: os.Getenv("PG_BINDIR"), ExtraBinDirs: []string{tools}, Fast: true}
}

// folder returns an empty data folder that PostgreSQL's account can enter; t.TempDir is closed to
// everybody but root.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "localpg-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func start(t *testing.T, dir string, opts localpg.Options) *localpg.Server {
	t.Helper()
	server, err := localpg.Start(t.Context(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop(context.Background()) })
	return server
}

func stop(t *testing.T, server *localpg.Server) {
	t.Helper()
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// ask runs SQL on a connection of its own and returns the first column of the first row.
func ask(t *testing.T, address, sql string) string {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(context.Background())
	rows, err := connection.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	value, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[string])
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// other is a child process: another Nightlatch on the same folder.
type other struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
}

// startOther starts another Nightlatch; prepare may change the command.
func startOther(t *testing.T, dir string, prepare func(*exec.Cmd)) *other {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tools, err := filepath.Abs(options().ExtraBinDirs[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childVariable+"="+dir, "LOCALPG_TEST_TOOLS="+tools)
	cmd.Stderr = os.Stderr
	if prepare != nil {
		prepare(cmd)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return &other{t: t, cmd: cmd, stdin: stdin, lines: bufio.NewScanner(stdout)}
}

// says returns the first word of the child's next line, and the rest.
func (o *other) says() (word, rest string) {
	o.t.Helper()
	if !o.lines.Scan() {
		o.t.Fatal("the child ended without a word")
	}
	word, rest, _ = strings.Cut(o.lines.Text(), " ")
	return word, rest
}

func (o *other) expect(want string) string {
	o.t.Helper()
	word, rest := o.says()
	if word != want {
		o.t.Fatalf("the child says %q %q, want %q", word, rest, want)
	}
	return rest
}

// within waits for something that happens by itself.
func within(t *testing.T, limit time.Duration, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}
