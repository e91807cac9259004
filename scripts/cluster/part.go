package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// part is one process of the cluster.
type part struct {
	name  string
	log   string // the file of what it says
	cmd   *exec.Cmd
	ended chan struct{}
}

// start starts a program, and ends it with the run. as is the account that it runs as, nil for ours.
func (c *cluster) start(name string, as *syscall.Credential, env []string, binary string, args ...string) *part {
	p := &part{name: name, log: filepath.Join(c.dir, name+".log"), ended: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) // #nosec G304 -- in our own folder
	if err != nil {
		c.t.Fatal(err)
	}
	p.cmd = exec.Command(binary, args...) // #nosec G204 -- the programs of the cluster
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = c.dir, env, out, out
	// A group of its own: Ctrl-C reaches us alone, and we end the parts in their order.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as}
	if err := p.cmd.Start(); err != nil {
		c.t.Fatalf("start %s: %v", name, err)
	}
	_ = out.Close()
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	c.t.Cleanup(p.stop)
	return p
}

// stop ends a part as an operator does.
func (p *part) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		p.kill()
	}
}

// kill ends a part in the middle of whatever it does.
func (p *part) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// await waits until is, and ends the run when the part has ended before.
func (c *cluster) await(p *part, what string, is func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(program.StartPatience); !is(); time.Sleep(50 * time.Millisecond) {
		select {
		case <-p.ended:
			c.t.Fatalf("%s ended: %s", p.name, p.said())
		default:
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("not within %s: %s\n%s", program.StartPatience, what, p.said())
		}
	}
}

// said is the end of what the part said.
func (p *part) said() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}

// findPrograms finds what is installed, or in the folder of tools.
func (c *cluster) findPrograms() {
	c.programs = map[string]string{}
	for _, name := range []string{"etcd", "haproxy", "pgbouncer", "patroni", "python3"} {
		for _, folder := range []string{"/usr/bin", "/usr/sbin", c.tools + "/usr/bin", c.tools + "/usr/sbin"} {
			if path := filepath.Join(folder, name); c.programs[name] == "" && executable(path) {
				c.programs[name] = path
			}
		}
		if c.programs[name] == "" {
			c.t.Fatalf("there is no %s: run make cluster", name)
		}
	}
	for _, top := range []string{"", c.tools} {
		found, _ := filepath.Glob(top + "/usr/lib/postgresql/*/bin/pg_rewind")
		if len(found) > 0 {
			c.postgresBin = filepath.Dir(found[len(found)-1])
			break
		}
	}
	if c.postgresBin == "" {
		c.t.Fatal("there is no pg_rewind: run make cluster")
	}
	libraries, _ := filepath.Glob(c.tools + "/usr/lib/*-linux-gnu*")
	c.unpacked = []string{
		"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + c.dir, // no profile of ours is read
		"LD_LIBRARY_PATH=" + strings.Join(libraries, ":"),
		"PYTHONPATH=" + c.tools + "/usr/lib/python3/dist-packages",
	}
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// own gives a file or folder to the account that is to read it.
func (c *cluster) own(path string, as *syscall.Credential) string {
	if as != nil {
		if err := os.Chown(path, int(as.Uid), int(as.Gid)); err != nil {
			c.t.Fatal(fmt.Errorf("give %s to its account: %w", path, err))
		}
	}
	return path
}
