package program

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Member is a serve that is restarted whenever it ends, as a service manager does, always at the same address: a
// process that a test may kill, stop and let go on.
type Member struct {
	t    testing.TB
	Name string
	URL  string // "" for --only work
	env  map[string]string
	args []string
	Log  *buffer

	mu      sync.Mutex
	process *os.Process
	Starts  int
	over    bool
	ended   chan struct{} // the supervisor is done
}

// Supervise starts a member; only is "web", "work" or "" for both.
func Supervise(t testing.TB, env map[string]string, name, only string) *Member {
	t.Helper()
	m := &Member{t: t, Name: name, env: env, Log: &buffer{}, ended: make(chan struct{})}
	if only != "" {
		m.args = []string{"--only", only}
	}
	if only != "work" {
		address := FreeAddress(t)
		m.URL, m.env = "http://"+address, With(env, "NIGHTLATCH_ADDR", address)
	}
	go m.supervise()
	t.Cleanup(m.clean)
	return m
}

func (m *Member) supervise() {
	defer close(m.ended)
	for {
		cmd := asProcess(context.Background(), m.t, m.env, binary, append([]string{"serve"}, m.args...)...)
		cmd.Stdout, cmd.Stderr = m.Log, m.Log
		m.mu.Lock()
		if m.over {
			m.mu.Unlock()
			return
		}
		err := cmd.Start()
		if err == nil {
			m.process = cmd.Process
			m.Starts++
		}
		m.mu.Unlock()
		if err != nil {
			m.t.Errorf("start %s: %v", m.Name, err)
			return
		}
		_ = cmd.Wait()
		m.mu.Lock()
		m.process = nil
		m.mu.Unlock()
		time.Sleep(200 * time.Millisecond)
	}
}

// Signal reaches the process that runs now, if one does.
func (m *Member) Signal(s syscall.Signal) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.process != nil && m.process.Signal(s) == nil
}

// Pause stops the process where it stands and lets it go on after d.
func (m *Member) Pause(d time.Duration) {
	m.mu.Lock()
	p := m.process
	m.mu.Unlock()
	if p == nil || p.Signal(syscall.SIGSTOP) != nil {
		return
	}
	time.Sleep(d)
	_ = p.Signal(syscall.SIGCONT)
}

// clean stops the member for good. What it logged under faults may tell of requests that failed, but of nothing that
// was not foreseen.
func (m *Member) clean() {
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
		m.Signal(syscall.SIGKILL)
		m.t.Errorf("%s did not stop within %s", m.Name, stopPatience)
	}
	nothingUnforeseen(m.t, m.Name, m.Log.String())
}

// FreeAddress is a loopback address on which nothing listens.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
