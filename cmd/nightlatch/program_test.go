package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"

	"github.com/nightlatch/nightlatch/internal/sms"
)

const (
	// startPatience covers initdb, a start and the race detector on a busy machine.
	startPatience = 60 * time.Second
	stopPatience  = 30 * time.Second

	apiSecret = "planted-Vonage-secret-51"
)

// environment is what a program on an operator's machine has, and nothing that this test run happens to have.
func environment(pairs map[string]string) map[string]string {
	env := map[string]string{}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "PG_BINDIR", "GORACE", "GOCOVERDIR"} {
		if v := os.Getenv(name); v != "" {
			env[name] = v
		}
	}
	for name, v := range pairs {
		env[name] = v
	}
	return env
}

// with is env with some variables more; "" takes one away.
func with(env map[string]string, pairs ...string) map[string]string {
	out := map[string]string{}
	for name, v := range env {
		out[name] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			delete(out, pairs[i])
			continue
		}
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// buffer is a bytes.Buffer for a program that writes while a test reads.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// eventually waits for a condition, and fails the test when it does not come true in time.
func eventually(t testing.TB, within time.Duration, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// result is what a command left behind.
type result struct {
	out, err string
	code     int
}

func (r result) String() string {
	return fmt.Sprintf("exit %d\nstdout: %s\nstderr: %s", r.code, r.out, r.err)
}

// command runs one command of the program as a process of its own, to its end.
func command(t testing.TB, env map[string]string, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	cmd := asProcess(ctx, t, env, args...)
	var out, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("nightlatch %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), stderr.String())
	}
	r := result{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	noTrouble(t, r.err)
	return r
}

// asProcess is the program as a process, not started yet.
func asProcess(ctx context.Context, t testing.TB, env map[string]string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Dir = t.TempDir() // a .nightlatch that appears by mistake appears here
	cmd.Env = []string{asProgram + "=1"}
	for name, v := range env {
		cmd.Env = append(cmd.Env, name+"="+v)
	}
	return cmd
}

// noTrouble fails the test for what must never stand in a program's output, whatever else was asked of it.
func noTrouble(t testing.TB, text string) {
	t.Helper()
	for _, trouble := range []string{"DATA RACE", "panic:", "goroutine 1 [", "level=ERROR msg=\"request failed\""} {
		if at := strings.Index(text, trouble); at >= 0 {
			t.Errorf("the program's output tells of %q:\n%s", trouble, text[at:min(len(text), at+4000)])
		}
	}
}

// succeeds runs a command that must work.
func succeeds(t testing.TB, env map[string]string, stdin string, args ...string) string {
	t.Helper()
	r := command(t, env, stdin, args...)
	if r.code != 0 {
		t.Fatalf("nightlatch %s should have worked: %s", strings.Join(args, " "), r)
	}
	return r.out
}

// refused runs a command that must end with exit status 1 and one sentence that holds all of words, with no
// stack trace and no usage text around it.
func refused(t testing.TB, env map[string]string, stdin string, args []string, words ...string) string {
	t.Helper()
	r := command(t, env, stdin, args...)
	name := "nightlatch " + strings.Join(args, " ")
	if r.code != 1 {
		t.Errorf("%s should have been refused: %s", name, r)
	}
	said := strings.TrimSpace(r.err)
	last := said[strings.LastIndex(said, "\n")+1:]
	if !strings.HasPrefix(last, "nightlatch: ") {
		t.Errorf("%s ends with %q, not with a sentence of its own", name, last)
	}
	for _, w := range words {
		if !strings.Contains(last, w) {
			t.Errorf("%s was refused with %q, in which %q does not stand", name, last, w)
		}
	}
	return said
}

// node is a serve that runs: as a process, or within this one.
type node struct {
	t    testing.TB
	url  string // "" for --only work
	out  *buffer
	log  *buffer
	done chan struct{}
	cmd  *exec.Cmd // nil within this process
	stop context.CancelFunc
	err  error // how it ended; read after done
	// faulted: requests may fail by a fault of the test's making; see rough.
	faulted bool
}

var announced = regexp.MustCompile(`is at (https?://\S+)`)

// spawn starts serve as a process.
func spawn(t testing.TB, env map[string]string, args ...string) *node {
	t.Helper()
	n := &node{t: t, out: &buffer{}, log: &buffer{}, done: make(chan struct{})}
	n.cmd = asProcess(context.Background(), t, env, append([]string{"serve"}, args...)...)
	n.cmd.Stdout, n.cmd.Stderr = n.out, n.log
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n.stop = func() { _ = n.cmd.Process.Signal(syscall.SIGTERM) }
	go func() {
		n.err = n.cmd.Wait()
		close(n.done)
	}()
	t.Cleanup(n.clean)
	n.ready()
	return n
}

// serving starts serve within this process.
func serving(t testing.TB, env map[string]string, args ...string) *node {
	t.Helper()
	return within(t, func(ctx context.Context, n *node) error {
		return run(ctx, sms.Providers(), append([]string{"serve"}, args...), env, stdio{strings.NewReader(""), n.out, n.log})
	})
}

// talkative is serving with every line that the log can have.
func talkative(t testing.TB, env map[string]string) *node {
	t.Helper()
	return within(t, func(ctx context.Context, n *node) error {
		cfg, err := readConfig(sms.Providers(), env)
		if err != nil {
			return err
		}
		return serve(ctx, cfg, "", n.out, newLogger(n.log, slog.LevelDebug))
	})
}

func within(t testing.TB, do func(context.Context, *node) error) *node {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	n := &node{t: t, out: &buffer{}, log: &buffer{}, done: make(chan struct{}), stop: cancel}
	go func() {
		n.err = do(ctx, n)
		close(n.done)
	}()
	t.Cleanup(n.clean)
	n.ready()
	return n
}

// ready waits until it serves, or works.
func (n *node) ready() {
	n.t.Helper()
	eventually(n.t, startPatience, "serve says where it is", func() bool {
		select {
		case <-n.done:
			n.t.Fatalf("serve ended at once: %v\n%s", n.err, n.log)
		default:
		}
		if strings.Contains(n.out.String(), "Working jobs") {
			return true
		}
		if at := announced.FindStringSubmatch(n.out.String()); at != nil {
			n.url = at[1]
			return true
		}
		return false
	})
}

// end stops it as an operator does, and answers how it ended.
func (n *node) end() error {
	n.t.Helper()
	n.stop()
	select {
	case <-n.done:
	case <-time.After(stopPatience):
		n.t.Fatalf("serve did not stop within %s\n%s", stopPatience, n.log)
	}
	return n.err
}

// kill ends a process in the middle of whatever it does.
func (n *node) kill() {
	n.t.Helper()
	if err := n.cmd.Process.Kill(); err != nil {
		n.t.Fatal(err)
	}
	<-n.done
}

func (n *node) clean() {
	select {
	case <-n.done:
	default:
		n.stop()
		select {
		case <-n.done:
		case <-time.After(stopPatience):
			if n.cmd != nil {
				_ = n.cmd.Process.Kill()
			}
			n.t.Errorf("serve did not stop within %s", stopPatience)
		}
	}
	if n.faulted {
		nothingUnforeseen(n.t, "serve", n.log.String())
	} else {
		noTrouble(n.t, n.log.String())
	}
	if n.t.Failed() {
		text := n.log.String()
		n.t.Logf("what serve logged last:\n%s", text[max(0, len(text)-3000):])
	}
}

// installation is a database with what stands on it, to be served by any number of nodes.
type installation struct {
	t    testing.TB
	env  map[string]string
	pool *pgxpool.Pool
	sms  *smstest.Server
}

const password = "planted-Zebra-password-93"

// install makes an installation that sends through a stand-in for Vonage playing the steps, and the office ACME,
// which demands two factors.
func install(t testing.TB, steps ...smstest.Step) *installation {
	t.Helper()
	return installOn(t, dbtest.URL(t), steps...)
}

func installOn(t testing.TB, url string, steps ...smstest.Step) *installation {
	t.Helper()
	in := &installation{t: t, sms: smstest.NewServer(steps...)}
	t.Cleanup(in.sms.Close)
	in.env = environment(map[string]string{
		"DATABASE_URL": url, "NIGHTLATCH_KEY_FILE": keyFile(t, keys.Generate(), 0o600), "NIGHTLATCH_ADDR": "localhost:0",
		"SMS_PROVIDER": "vonage", "VONAGE_API_KEY": "abcd1234", "VONAGE_API_SECRET": apiSecret, "VONAGE_FROM": "Nightlatch",
		"VONAGE_BASE_URL": in.sms.BaseURL(),
	})
	in.pool = poolOf(t, url)
	in.quick("", "office", "create", "--code", "ACME", "--name", "Acme Accountants")
	in.exec("update offices set two_factor_required = true")
	return in
}

// poolOf is a test's own way into a database.
func poolOf(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.MaxConns = 2
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func keyFile(t testing.TB, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// quick runs a command within this process: for what a test needs and does not test.
func (in *installation) quick(stdin string, args ...string) {
	in.t.Helper()
	var out, stderr buffer
	if err := run(context.Background(), sms.Providers(), args, in.env, stdio{strings.NewReader(stdin), &out, &stderr}); err != nil {
		in.t.Fatalf("nightlatch %s: %v", strings.Join(args, " "), err)
	}
}

// user makes a user of ACME; with a number it is confirmed.
func (in *installation) user(username, role, number string) {
	in.t.Helper()
	in.quick(password+"\n", "user", "create", "--office", "ACME", "--username", username, "--name", "Somebody", "--role", role, "--password-stdin")
	if number != "" {
		in.exec(`insert into mobile_numbers (user_id, number, country, confirmed_at) select id, $2, 'NL', now() from users where username = $1`, username, number)
	}
}

// crowd makes n users u1, u2 … with confirmed numbers and the password of one who exists.
func (in *installation) crowd(n int, like string) {
	in.t.Helper()
	in.exec(`insert into users (office_id, username, name, role, password_hash)
		select office_id, 'u' || i, 'Somebody', 'user', password_hash from users, generate_series(1, $2::int) i where username = $1`, like, n)
	in.exec(`insert into mobile_numbers (user_id, number, country, confirmed_at)
		select id, '+316574' || (10000 + id), 'NL', now() from users where username ~ '^u[0-9]+$'`)
}

func (in *installation) exec(sql string, args ...any) {
	in.t.Helper()
	if _, err := in.pool.Exec(context.Background(), sql, args...); err != nil {
		in.t.Fatalf("%s: %v", sql, err)
	}
}

// ask answers one value of the database, as text; "" when there is none.
func (in *installation) ask(sql string, args ...any) string {
	in.t.Helper()
	var answer *string
	err := in.pool.QueryRow(context.Background(), "select ("+sql+")::text", args...).Scan(&answer)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		in.t.Fatalf("%s: %v", sql, err)
	}
	if answer == nil {
		return ""
	}
	return *answer
}

var boundCode = regexp.MustCompile(`#([0-9]{6})$`)

// codeIn is the code of a text, from its last line, as a phone reads it.
func codeIn(t testing.TB, text string) string {
	t.Helper()
	found := boundCode.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no code on the last line of %q", text)
	}
	return found[1]
}

// texts waits until the stand-in was called n times and answers what it was told.
func (in *installation) texts(n int, within time.Duration) []smstest.Message {
	in.t.Helper()
	eventually(in.t, within, fmt.Sprintf("%d calls to the provider", n), func() bool { return len(in.sms.Received()) >= n })
	return in.sms.Received()
}

// theCode is the one code of all messages so far: two different ones are a fault.
func (in *installation) theCode() string {
	in.t.Helper()
	code := ""
	for _, m := range in.sms.Received() {
		if c := codeIn(in.t, m.Text); code == "" {
			code = c
		} else if c != code {
			in.t.Errorf("two codes were sent for one challenge: %s and %s", code, c)
		}
	}
	return code
}
