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

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/office"
)

const demoOffice = "DEMO"

// demoUsers are the users of the demo office. Nothing is ever really sent to their numbers.
var demoUsers = []struct {
	username, name, number string
	role                   account.Role
	confirmed              bool
}{
	{username: "superuser", name: "Sofie Peeters", role: account.RoleSuperuser},
	{username: "accountant", name: "Anneke de Vries", role: account.RoleAccountant},
	{username: "user-new", name: "Pieter Jansen", role: account.RoleUser},
	{username: "user-unconfirmed", name: "Mila Bakker", role: account.RoleUser, number: "+31612345678"},
	{username: "user-confirmed", name: "Daan Visser", role: account.RoleUser, number: "+31687654321", confirmed: true},
}

// demo makes the demo office. What is there already, and what somebody changed since, stays.
func demo(ctx context.Context, cfg config, out io.Writer, logger *slog.Logger) error {
	if !cfg.isDemo() {
		return errors.New("nightlatch demo works in demo mode alone: set SMS_PROVIDER=demo")
	}
	return withProgram(ctx, cfg, logger, func(p *program) error {
		accounts, err := p.accounts()
		if err != nil {
			return err
		}
		password, fresh, err := demoPassword(cfg)
		if err != nil {
			return err
		}
		q := dbsqlc.New()
		if _, err := q.OfficeByCode(ctx, p.pool, demoOffice); err != nil {
			if err := office.New(p.pool, p.log, "").Create(ctx, demoOffice, "Demo Accountants", audit.CommandLine); err != nil {
				return err
			}
		}
		for _, u := range demoUsers {
			_, id, err := accounts.Find(ctx, demoOffice, u.username)
			if err == nil {
				if fresh {
					err = accounts.SetPassword(ctx, id, password)
				}
				if err == nil {
					// A demo office from before there was mail.
					err = q.UserEmailFill(ctx, p.pool, dbsqlc.UserEmailFillParams{ID: id, Email: demoEmail(u.username)})
				}
				if err != nil {
					return err
				}
				continue
			}
			if !errors.Is(err, account.ErrUnknown) {
				return err
			}
			id, err = accounts.Create(ctx, account.NewUser{OfficeCode: demoOffice, Username: u.username, Name: u.name, Email: demoEmail(u.username), Role: u.role, Password: password}, audit.CommandLine)
			if err != nil {
				return err
			}
			switch {
			case u.confirmed:
				err = q.MobileNumberConfirm(ctx, p.pool, dbsqlc.MobileNumberConfirmParams{UserID: id, Number: u.number, Country: "NL"})
			case u.number != "":
				_, err = q.MobileNumberRegister(ctx, p.pool, dbsqlc.MobileNumberRegisterParams{UserID: id, Number: u.number, Country: "NL"})
			}
			if err != nil {
				return fmt.Errorf("give %s a number: %w", u.username, err)
			}
		}
		fmt.Fprintln(out, "The demo office is ready.")
		tellDemo(out, cfg)
		return nil
	})
}

// demoEmail is an address of a user of the demo office: nothing is ever really sent there.
func demoEmail(username string) string { return username + "@demo.example" }

func demoPasswordFile(cfg config) string { return filepath.Join(cfg.data, "demo-password") }

// demoPassword reads the demo users' password, or draws one and keeps it.
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

// tellDemo says how to sign in, when the demo office is there.
func tellDemo(out io.Writer, cfg config) {
	text, err := os.ReadFile(demoPasswordFile(cfg)) // #nosec G304 -- under NIGHTLATCH_DATA
	if err != nil {
		return
	}
	names := make([]string, len(demoUsers))
	for i, u := range demoUsers {
		names[i] = u.username
	}
	fmt.Fprintf(out, "\n  Office code  %s\n  Usernames    %s\n  Password     %s\n  Codes        %s/demo/phone\n  Mails        %s/demo/mailbox\n\n",
		demoOffice, strings.Join(names, ", "), strings.TrimSpace(string(text)), cfg.url, cfg.url)
}
