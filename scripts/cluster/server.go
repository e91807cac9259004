package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// postmaster is the process of a member's PostgreSQL.
func (c *cluster) postmaster(m member) int {
	text, err := os.ReadFile(filepath.Join(m.Dir, "data", "postmaster.pid")) // #nosec G304 -- in our own folder
	if err != nil {
		c.t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		c.t.Fatal(err)
	}
	return pid
}

// children are the processes of a PostgreSQL, by what they are called.
func children(postmaster int) map[int]string {
	found := map[int]string{}
	pids, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", postmaster, postmaster))
	for _, word := range strings.Fields(string(pids)) {
		if pid, err := strconv.Atoi(word); err == nil {
			title, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // #nosec G304 -- a number
			found[pid] = string(title)
		}
	}
	return found
}

// silence stops what a primary sends to its standbys, and returns after d: what it commits meanwhile, it alone has.
func (c *cluster) silence(m member, d time.Duration) {
	senders := 0
	for pid, title := range children(c.postmaster(m)) {
		if strings.Contains(title, "walsender") {
			senders++
			_ = syscall.Kill(pid, syscall.SIGSTOP)
		}
	}
	if senders == 0 {
		c.t.Fatalf("%s sends to no standby", m.Name)
	}
	time.Sleep(d)
}

// killServer kills a PostgreSQL and its children at once, as a machine that loses its power.
func (c *cluster) killServer(m member) {
	postmaster := c.postmaster(m)
	_ = syscall.Kill(postmaster, syscall.SIGSTOP) // so that it starts nobody meanwhile
	for pid := range children(postmaster) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = syscall.Kill(postmaster, syscall.SIGKILL)
}
