//go:build unix

package localpg

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxLog is the size at which a start begins a new log: 10 MB, and as much again in the old one.
const maxLog = 10 << 20

// openLog opens the server's log for appending.
func openLog(home string) (*os.File, error) {
	path := filepath.Join(home, "server.log")
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("begin a new log of PostgreSQL: %w", err)
		}
	}
	return openBeside(home, "server.log", os.O_APPEND)
}

// logSince returns what was written after offset from, 4 KB at most.
func logSince(log *os.File, from int64) string {
	text, err := io.ReadAll(io.NewSectionReader(log, from, 4<<10))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// reason returns why a server ended, out of what it wrote.
func reason(said string) string {
	for _, level := range []string{"PANIC:", "FATAL:"} {
		if at := strings.Index(said, level); at >= 0 {
			line, _, _ := strings.Cut(said[at:], "\n")
			return line
		}
	}
	return oneLine([]byte(said))
}
