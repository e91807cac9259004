package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// Environment is what a program on an operator's machine has, and nothing that this test run happens to have.
func Environment(pairs map[string]string) map[string]string {
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

// With is env with some variables more; "" takes one away.
func With(env map[string]string, pairs ...string) map[string]string {
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

// Result is what a command left behind.
type Result struct {
	Out, Err string
	Code     int
}

func (r Result) String() string {
	return fmt.Sprintf("exit %d\nstdout: %s\nstderr: %s", r.Code, r.Out, r.Err)
}

// Command runs one command of the program as a process of its own, to its end.
func Command(t testing.TB, env map[string]string, stdin string, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), StartPatience)
	defer cancel()
	cmd := asProcess(ctx, t, env, commands, args...)
	var out, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("nightlatch %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), stderr.String())
	}
	r := Result{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	noTrouble(t, r.Err)
	return r
}

// asProcess is the program as a process, not started yet.
func asProcess(
	ctx context.Context, t testing.TB, env map[string]string, program string, args ...string,
) *exec.Cmd {
	t.Helper()
	if program == "" {
		t.Fatal("program: this package has no TestMain that calls program.Main")
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = t.TempDir() // a .nightlatch that appears by mistake appears here
	cmd.Env = []string{}
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

// Succeeds runs a command that must work.
func Succeeds(t testing.TB, env map[string]string, stdin string, args ...string) string {
	t.Helper()
	r := Command(t, env, stdin, args...)
	if r.Code != 0 {
		t.Fatalf("nightlatch %s should have worked: %s", strings.Join(args, " "), r)
	}
	return r.Out
}

// Refused runs a command that must end with exit status 1 and one sentence that holds all of words, with no
// stack trace and no usage text around it.
func Refused(t testing.TB, env map[string]string, stdin string, args []string, words ...string) string {
	t.Helper()
	r := Command(t, env, stdin, args...)
	name := "nightlatch " + strings.Join(args, " ")
	if r.Code != 1 {
		t.Errorf("%s should have been refused: %s", name, r)
	}
	said := strings.TrimSpace(r.Err)
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
