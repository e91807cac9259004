package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/nightlatch/nightlatch/internal/demo"
)

type demoCommand struct{}

// Run makes the demo office. What is there already, and what somebody changed since, stays.
func (demoCommand) Run(ctx context.Context, cfg config, std stdio) error {
	if !cfg.isDemo() {
		return errors.New("nightlatch demo works in demo mode alone: set SMS_PROVIDER=demo")
	}
	a, err := open(ctx, cfg, newLogger(std.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	defer a.close()
	password, fresh, err := demoPassword(cfg)
	if err != nil {
		return err
	}
	if err := demo.Make(ctx, a.pool, a.web.offices, a.web.accounts, password, fresh); err != nil {
		return err
	}
	fmt.Fprintln(std.out, "The demo office is ready.")
	printDemo(std.out, cfg)
	return nil
}

func demoPasswordFile(cfg config) string { return filepath.Join(cfg.data, "demo-password") }

// demoPassword returns the demo users' password from its file, or draws one and keeps it there: then it is fresh.
func demoPassword(cfg config) (password string, fresh bool, err error) {
	path := demoPasswordFile(cfg)
	text, err := os.ReadFile(path) // #nosec G304 -- under NIGHTLATCH_DATA
	if err == nil && strings.TrimSpace(string(text)) != "" {
		return strings.TrimSpace(string(text)), false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, fmt.Errorf("read the demo password: %w", err)
	}
	if err := makeData(cfg); err != nil {
		return "", false, err
	}
	password = strings.ToLower(rand.Text()[:16])
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		return "", false, fmt.Errorf("keep the demo password: %w", err)
	}
	return password, true, nil
}

// printDemo prints how to sign in, when the demo office is there.
func printDemo(out io.Writer, cfg config) {
	text, err := os.ReadFile(demoPasswordFile(cfg)) // #nosec G304 -- under NIGHTLATCH_DATA
	if err != nil {
		return
	}
	fmt.Fprintf(out, `
  Office code  %s
  Usernames    %s
  Password     %s
  Codes        %s/demo/phone
  Mails        %s/demo/mailbox

`, demo.OfficeCode, strings.Join(demo.Usernames(), ", "), strings.TrimSpace(string(text)), cfg.url, cfg.url)
}
