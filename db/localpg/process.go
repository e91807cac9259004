//go:build unix

package localpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// settings are given on the command line, where they win over the cluster's own files.
//
// The log holds what the server itself has to say, and nothing that a user typed: a statement's
// parameters, its text, and the errors about it, which quote values, go to the client alone.
var settings = []string{
	"listen_addresses=",
	"unix_socket_permissions=0700",
	"port=" + port,
	"max_connections=100",
	"shared_buffers=128MB",
	"password_encryption=scram-sha-256",
	"timezone=UTC",
	"log_timezone=UTC",
	"logging_collector=off", // the log is our file, as standard error
	"log_destination=stderr",
	"log_line_prefix=%m [%p] ",
	"log_statement=none",
	"log_min_duration_statement=-1",
	"log_parameter_max_length=0",
	"log_parameter_max_length_on_error=0",
	"log_min_messages=log", // FATAL, PANIC and the server's own reports; no ERROR
	"log_min_error_statement=panic",
	"log_error_verbosity=terse", // no DETAIL, which can hold a row
}

// fastSettings are for tests, of which many programs at a time share a server.
var fastSettings = []string{"fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"}

// process is a server that is our child.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
	err   error         // how; read after ended
}

// serve starts the server and returns when it accepts connections.
func serve(ctx context.Context, p place, install install, fast bool) (*process, error) {
	log, err := openLog(p.home)
	if err != nil {
		return nil, err
	}
	defer log.Close()

	args := []string{"-D", p.data()}
	for _, setting := range serverSettings(p.socket, fast) {
		args = append(args, "-c", setting)
	}
	for {
		from, err := log.Seek(0, io.SeekEnd)
		if err != nil {
			return nil, fmt.Errorf("read PostgreSQL's log: %w", err)
		}
		cmd := p.account.command(context.Background(), syscall.SIGINT, install.postgres(), args...)
		cmd.Stdout, cmd.Stderr = log, log
		proc, err := launch(cmd)
		if err != nil {
			return nil, fmt.Errorf("start PostgreSQL: %w", err)
		}
		err = proc.ready(ctx, p.data())
		if err == nil {
			return proc, nil
		}
		proc.stop(ctx)
		said := logSince(log, from)
		// The last children of a killed server outlive it by a moment.
		if strings.Contains(said, "is still in use") && pause(ctx) {
			continue
		}
		return nil, fmt.Errorf("start PostgreSQL: %w: %s", err, reason(said))
	}
}

func serverSettings(socket string, fast bool) []string {
	quoted := `"` + strings.ReplaceAll(socket, `"`, `""`) + `"` // a comma would begin a second folder
	all := append([]string{"unix_socket_directories=" + quoted}, settings...)
	if fast {
		all = append(all, fastSettings...)
	}
	return all
}

// launch starts cmd from a thread of its own that waits until it has ended. The thread must stay:
// Linux sends the parent's death signal when the thread that forked ends, and the Go runtime ends
// threads as it likes.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.ended)
		}
	}()
	return p, <-started
}

// ready waits until the server says in its pid file that it accepts connections.
func (p *process) ready(ctx context.Context, data string) error {
	for {
		if pid, status := readPIDFile(data); pid == p.cmd.Process.Pid && status == "ready" {
			return nil
		}
		select {
		case <-p.ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pollEvery / 4):
		}
	}
}

// stop ends the server: politely until ctx is done, then at once.
func (p *process) stop(ctx context.Context) error {
	p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.ended:
		return p.outcome()
	case <-ctx.Done():
	}
	p.cmd.Process.Signal(syscall.SIGQUIT)
	select {
	case <-p.ended:
		return fmt.Errorf("stop PostgreSQL: %w; it quit without a checkpoint and recovers at the next start",
			context.Cause(ctx))
	case <-time.After(5 * time.Second): // PostgreSQL's own patience with its children
	}
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.ended
	return errors.New("stop PostgreSQL: it had to be killed; it recovers at the next start")
}

func (p *process) outcome() error {
	if p.err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", p.err)
	}
	return nil
}

func alive(pid int) bool {
	return pid > 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// isServer reports whether pid is the server of data, and not a process that got its number later.
func isServer(pid int, data string) bool {
	if !alive(pid) {
		return false
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		line, err = exec.Command("ps", "-ww", "-o", "command=", "-p", fmt.Sprint(pid)).Output()
	}
	return err == nil && strings.Contains(string(line), data)
}
