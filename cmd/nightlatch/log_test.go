package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"unicode"
)

func TestNoTextOfAStrangerMakesALineOfTheLog(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{
		"a\nlevel=ERROR msg=planted", "a\r\nlevel=ERROR msg=planted", "a\rplanted", `" level=ERROR msg="planted`,
		"\x1b[2J\x1b[1;1Hplanted", "a\u2028planted", "a\u0085planted", "a\x00planted", "a level=ERROR",
	} {
		var out bytes.Buffer
		logger := newLogger(&out, slog.LevelInfo)
		logger.Info(hostile, "word", hostile, "error", errors.New(hostile), hostile, "named")
		logger.With("with", hostile).WithGroup(hostile).Warn("grouped", "word", hostile)
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != 2 {
			t.Errorf("%q makes %d lines of two:\n%s", hostile, len(lines), out.String())
		}
		for _, line := range lines {
			if !strings.HasPrefix(line, "time=") || strings.Count(outside(line), "level=") != 1 ||
				strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q makes the line %q", hostile, line)
			}
		}
	}
}

// outside is a line of the log without what stands within quotes.
func outside(line string) string {
	var kept strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		switch {
		case quoted && line[i] == '\\':
			i++
		case line[i] == '"':
			quoted = !quoted
		case !quoted:
			kept.WriteByte(line[i])
		}
	}
	return kept.String()
}
