package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// process is a program of the run, whose output is a file: reading it would cost time.
type process struct {
	name, addr, log string
	cmd             *exec.Cmd
	ready           time.Duration // from its start to its first answer
	ended           chan struct{}
}

// start starts a program, and ends it with the run.
func (b *bench) start(name string, env []string, binary string, args ...string) *process {
	dir := b.t.TempDir()
	p := &process{name: name, log: filepath.Join(dir, "log"), ended: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		b.t.Fatal(err)
	}
	p.cmd = exec.Command(binary, args...) // #nosec G204 -- our own programs
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, env, out, out
	if err := p.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	_ = out.Close()
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	b.meter.add(name, p.cmd.Process.Pid)
	b.t.Cleanup(func() { b.stop(p) })
	return p
}

// stop ends a process as an operator does.
func (b *bench) stop(p *process) {
	b.meter.remove(p.name)
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// node is the program, served over a database.
func (b *bench) node(name string, env map[string]string, args ...string) *process {
	addr := program.FreeAddress(b.t)
	var pairs []string
	for key, value := range program.With(env, "NIGHTLATCH_ADDR", addr) {
		pairs = append(pairs, key+"="+value)
	}
	began := time.Now()
	p := b.start(name, pairs, b.binary, append([]string{"serve"}, args...)...)
	p.addr = addr
	if slices.Contains(args, "work") {
		program.Eventually(b.t, program.StartPatience, name+" works", func() bool {
			text, _ := os.ReadFile(p.log)
			return strings.Contains(string(text), "Working jobs")
		})
		return p
	}
	b.await(p, "/readyz")
	p.ready = time.Since(began)
	return p
}

// await waits until a process answers 200.
func (b *bench) await(p *process, path string) {
	b.t.Helper()
	asked := request(http.MethodGet, p.addr, path, nil)
	for deadline := time.Now().Add(program.StartPatience); ; time.Sleep(2 * time.Millisecond) {
		c := client{addr: p.addr}
		a, err := c.do(asked)
		c.close()
		if err == nil && a.status == http.StatusOK {
			return
		}
		select {
		case <-p.ended:
			text, _ := os.ReadFile(p.log)
			b.t.Fatalf("%s ended at once: %s", p.name, text)
		default:
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(p.log)
			b.t.Fatalf("%s does not answer: %v\n%s", p.name, err, text)
		}
	}
}

// host is the name by which a process is asked.
func (p *process) host() string {
	_, port, _ := net.SplitHostPort(p.addr)
	return net.JoinHostPort("localhost", port)
}
