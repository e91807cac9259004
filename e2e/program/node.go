package program

import (
	"context"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// StartPatience covers initdb, a start and the race detector on a busy machine.
	StartPatience = 60 * time.Second
	stopPatience  = 30 * time.Second

	// APISecret is the planted secret of the provider.
	APISecret = "planted-Vonage-secret-51"
)

// Node is a serve that runs, as a process.
type Node struct {
	t    testing.TB
	URL  string // "" for --only work
	Out  *buffer
	Log  *buffer
	Done chan struct{}
	Cmd  *exec.Cmd
	Err  error // how it ended; read after done
	// faulted: requests may fail by a fault of the test's making; see rough.
	faulted bool
}

var announced = regexp.MustCompile(`is at (https?://\S+)`)

// Spawn starts serve as a process.
func Spawn(t testing.TB, env map[string]string, args ...string) *Node {
	t.Helper()
	n := &Node{t: t, Out: &buffer{}, Log: &buffer{}, Done: make(chan struct{})}
	n.Cmd = asProcess(context.Background(), t, env, binary, append([]string{"serve"}, args...)...)
	n.Cmd.Stdout, n.Cmd.Stderr = n.Out, n.Log
	if err := n.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		n.Err = n.Cmd.Wait()
		close(n.Done)
	}()
	t.Cleanup(n.clean)
	n.ready()
	return n
}

// ready waits until it serves, or works.
func (n *Node) ready() {
	n.t.Helper()
	Eventually(n.t, StartPatience, "serve says where it is", func() bool {
		select {
		case <-n.Done:
			n.t.Fatalf("serve ended at once: %v\n%s", n.Err, n.Log)
		default:
		}
		if strings.Contains(n.Out.String(), "Working jobs") {
			return true
		}
		if at := announced.FindStringSubmatch(n.Out.String()); at != nil {
			n.URL = at[1]
			return true
		}
		return false
	})
}

// Terminate asks it to stop, and does not wait.
func (n *Node) Terminate() { _ = n.Cmd.Process.Signal(syscall.SIGTERM) }

// End stops it as an operator does, and returns how it ended.
func (n *Node) End() error {
	n.t.Helper()
	n.Terminate()
	select {
	case <-n.Done:
	case <-time.After(stopPatience):
		n.t.Fatalf("serve did not stop within %s\n%s", stopPatience, n.Log)
	}
	return n.Err
}

// Kill ends a process in the middle of whatever it does.
func (n *Node) Kill() {
	n.t.Helper()
	if err := n.Cmd.Process.Kill(); err != nil {
		n.t.Fatal(err)
	}
	<-n.Done
}

func (n *Node) clean() {
	select {
	case <-n.Done:
	default:
		n.Terminate()
		select {
		case <-n.Done:
		case <-time.After(stopPatience):
			_ = n.Cmd.Process.Kill()
			n.t.Errorf("serve did not stop within %s", stopPatience)
		}
	}
	if n.faulted {
		nothingUnforeseen(n.t, "serve", n.Log.String())
	} else {
		noTrouble(n.t, n.Log.String())
	}
	if n.t.Failed() {
		text := n.Log.String()
		n.t.Logf("what serve logged last:\n%s", text[max(0, len(text)-3000):])
	}
}

// Rough lets a node log requests that failed, as they do under faults; a 500 is still a fault of ours.
func (n *Node) Rough() *Node {
	n.faulted = true
	return n
}

// Signal reaches the node's process.
func (n *Node) Signal(s syscall.Signal) {
	n.t.Helper()
	if err := n.Cmd.Process.Signal(s); err != nil {
		n.t.Fatal(err)
	}
}

// nothingUnforeseen fails the test for what no fault excuses: a request that ended in 500 instead of 503 among it.
func nothingUnforeseen(t testing.TB, name, text string) {
	t.Helper()
	for _, trouble := range []string{"DATA RACE", "panic:", "goroutine 1 [", "status=500"} {
		if at := strings.Index(text, trouble); at >= 0 {
			from := strings.LastIndex(text[:at], "\n") + 1
			t.Errorf("%s tells of %q %d times, first:\n%s", name, trouble, strings.Count(text, trouble),
				text[from:min(len(text), at+1500)])
		}
	}
}
