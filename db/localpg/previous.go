//go:build unix

package localpg

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// previousPatience is how long a server whose owner died gets to stop by itself.
const previousPatience = 20 * time.Second

// endPrevious deals with what an owner that was killed left behind. Its server is stopping, told
// by the kernel on Linux and by us elsewhere; the pid file may also name a process that has
// nothing to do with it, in a container very likely ourselves, and PostgreSQL would refuse to
// start. We hold the lock on the folder, so no other Nightlatch is at work in it.
func endPrevious(ctx context.Context, data string) error {
	pid, _ := readPIDFile(data)
	if pid == 0 {
		return nil
	}
	if !isServer(pid, data) {
		if !alive(pid) {
			return nil // PostgreSQL sees that itself
		}
		// Still safe if we are wrong: a server also holds a shared memory segment that belongs to
		// the folder, and a second one refuses to start beside it.
		if err := os.Remove(filepath.Join(data, "postmaster.pid")); err != nil {
			return fmt.Errorf("remove a stale pid file: %w", err)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, previousPatience)
	defer cancel()
	syscall.Kill(pid, syscall.SIGINT)
	for isServer(pid, data) {
		if !pause(ctx) {
			syscall.Kill(pid, syscall.SIGQUIT)
			return fmt.Errorf("an earlier PostgreSQL, process %d, is still stopping in %s: try again in a moment", pid, data)
		}
	}
	return nil
}

// readPIDFile returns the server's process and its state, "ready" when it accepts connections;
// zeros when there is no such file. The format is that of PostgreSQL's miscadmin.h: the process
// on line 1, the state on line 8.
func readPIDFile(data string) (pid int, status string) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, ""
	}
	lines := strings.Split(string(text), "\n")
	pid, _ = strconv.Atoi(strings.TrimSpace(lines[0])) // half written: 0
	if len(lines) > 7 {
		status = strings.TrimSpace(lines[7])
	}
	return pid, status
}

// isReady reports whether the server of data accepts connections, which ends as soon as it is told to stop.
func isReady(data string) bool {
	pid, status := readPIDFile(data)
	return status == "ready" && alive(pid)
}
