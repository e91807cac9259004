package main

import (
	"context"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// member is a serve that is restarted whenever it ends, as a service manager does, always at the same address: a process
// that a test may kill, stop and let go on.
type member struct {
	t    testing.TB
	name string
	url  string // "" for --only work
	env  map[string]string
	args []string
	log  *buffer

	mu      sync.Mutex
	process *os.Process
	starts  int
	over    bool
	ended   chan struct{} // the supervisor is done
}

// supervise starts a member; only is "web", "work" or "" for both.
func supervise(t testing.TB, env map[string]string, name, only string) *member {
	t.Helper()
	m := &member{t: t, name: name, env: env, log: &buffer{}, ended: make(chan struct{})}
	if only != "" {
		m.args = []string{"--only", only}
	}
	if only != "work" {
		address := freeAddress(t)
		m.url, m.env = "http://"+address, with(env, "NIGHTLATCH_ADDR", address)
	}
	go m.supervise()
	t.Cleanup(m.clean)
	return m
}

func (m *member) supervise() {
	defer close(m.ended)
	for {
		cmd := asProcess(context.Background(), m.t, m.env, append([]string{"serve"}, m.args...)...)
		cmd.Stdout, cmd.Stderr = m.log, m.log
		m.mu.Lock()
		if m.over {
			m.mu.Unlock()
			return
		}
		err := cmd.Start()
		if err == nil {
			m.process = cmd.Process
			m.starts++
		}
		m.mu.Unlock()
		if err != nil {
			m.t.Errorf("start %s: %v", m.name, err)
			return
		}
		_ = cmd.Wait()
		m.mu.Lock()
		m.process = nil
		m.mu.Unlock()
		time.Sleep(200 * time.Millisecond)
	}
}

// signal reaches the process that runs now, if one does.
func (m *member) signal(s syscall.Signal) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.process != nil && m.process.Signal(s) == nil
}

// pause stops the process where it stands and lets it go on after d.
func (m *member) pause(d time.Duration) {
	m.mu.Lock()
	p := m.process
	m.mu.Unlock()
	if p == nil || p.Signal(syscall.SIGSTOP) != nil {
		return
	}
	time.Sleep(d)
	_ = p.Signal(syscall.SIGCONT)
}

// clean stops the member for good. What it logged under faults may tell of requests that failed, but of nothing that was
// not foreseen.
func (m *member) clean() {
	m.mu.Lock()
	m.over = true
	if m.process != nil {
		_ = m.process.Signal(syscall.SIGCONT)
		_ = m.process.Signal(syscall.SIGTERM)
	}
	m.mu.Unlock()
	select {
	case <-m.ended:
	case <-time.After(stopPatience):
		m.signal(syscall.SIGKILL)
		m.t.Errorf("%s did not stop within %s", m.name, stopPatience)
	}
	nothingUnforeseen(m.t, m.name, m.log.String())
}

// nothingUnforeseen fails the test for what no fault excuses: a request that ended in 500 instead of 503 among it.
func nothingUnforeseen(t testing.TB, name, text string) {
	t.Helper()
	for _, trouble := range []string{"DATA RACE", "panic:", "goroutine 1 [", "status=500"} {
		if at := strings.Index(text, trouble); at >= 0 {
			from := strings.LastIndex(text[:at], "\n") + 1
			t.Errorf("%s tells of %q %d times, first:\n%s", name, trouble, strings.Count(text, trouble), text[from:min(len(text), at+1500)])
		}
	}
}

// rough lets a node log requests that failed, as they do under faults; a 500 is still a fault of ours.
func (n *node) rough() *node {
	n.faulted = true
	return n
}

// signal reaches the node's process.
func (n *node) signal(s syscall.Signal) {
	n.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		n.t.Fatal(err)
	}
}
