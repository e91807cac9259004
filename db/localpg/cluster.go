//go:build unix

package localpg

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// makeCluster makes the cluster with our role and database in it, under another name first: a
// crash half-way leaves no data folder, only rubbish that the next start sweeps away.
func makeCluster(ctx context.Context, p place, install install, fast bool) (place, error) {
	p, err := p.settle(install, fast)
	if err != nil {
		return p, err
	}
	sweep(p.root)
	unfinished, err := os.MkdirTemp(p.root, "unfinished-")
	if err != nil {
		return p, fmt.Errorf("make a folder for the cluster: %w", err)
	}
	err = p.account.own(unfinished)
	if err == nil {
		err = initialise(ctx, p.account, install, unfinished, fast)
	}
	if err == nil {
		err = os.Rename(unfinished, p.data())
	}
	if err == nil && p.root != p.home {
		err = os.WriteFile(filepath.Join(p.home, "elsewhere"), []byte(p.root+"\n"), 0o644)
	}
	if err != nil {
		sweep(p.root)
		if p.root != p.home {
			os.RemoveAll(p.root) // made a moment ago
		}
		return p, fmt.Errorf("make the local database: %w", err)
	}
	p.major = install.major
	return p, nil
}

func sweep(root string) {
	old, _ := filepath.Glob(filepath.Join(root, "unfinished-*")) // the pattern is valid
	for _, dir := range old {
		os.RemoveAll(dir)
	}
}

// initialise runs initdb, then PostgreSQL's single-user mode for the role and the database, so
// that this package needs no client. Trust is enough: only who may enter the socket's folder can ask.
func initialise(ctx context.Context, account account, install install, data string, fast bool) error {
	args := []string{
		"--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--data-checksums",
		"--no-instructions",
	}
	if fast {
		args = append(args, "--no-sync")
	}
	// Sort by code point and fold case by Unicode, the same on every machine. From 17 on this is
	// built in; before, the C library has it or (macOS) has not.
	locales := [][]string{{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}}
	if install.major < 17 {
		locales = [][]string{{"--locale=C.UTF-8"}, {"--locale=C"}}
	}
	var err error
	for _, locale := range locales {
		cmd := account.command(ctx, syscall.SIGTERM, install.initdb(), append(args, locale...)...)
		if err = runToEnd(cmd); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	cmd := account.command(ctx, syscall.SIGTERM, install.postgres(), "--single", "-D", data,
		"-c", "exit_on_error=on", "-c", "log_checkpoints=off", "postgres")
	cmd.Stdin = strings.NewReader(fmt.Sprintf("CREATE ROLE %[1]s LOGIN CREATEDB\nCREATE DATABASE %[1]s OWNER %[1]s\n",
		Database))
	return runToEnd(cmd)
}

// runToEnd runs a program on a thread that lasts as long as the program: on Linux a parent's
// death signal is sent when the thread that forked ends. Its error holds what the program said.
func runToEnd(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, oneLine(said.Bytes()))
	}
	return nil
}

// oneLine joins the last lines of a program's words.
func oneLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " / ")
}
