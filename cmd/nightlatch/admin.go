package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/office"
)

// administer runs the commands about offices, users and operators. Each is written to the audit log as the command line's doing.
func administer(ctx context.Context, cfg config, command string, cli commands, std stdio, logger *slog.Logger) error {
	return withProgram(ctx, cfg, logger, func(p *program) error {
		offices := office.New(p.pool, p.log, "").Telling(p.accountsOn(p.pool, nil))
		switch command {
		case "office create":
			if err := offices.Create(ctx, cli.Office.Create.Code, cli.Office.Create.Name, audit.CommandLine); err != nil {
				return err
			}
			fmt.Fprintf(std.out, "Office %s is made. Add its superuser with nightlatch user create.\n", account.CanonicalOfficeCode(cli.Office.Create.Code))
			return nil
		case "office list":
			return listOffices(ctx, offices, std.out)
		case "office two-factor <state>":
			if err := offices.ForceOff(ctx, cli.Office.TwoFactor.Code); errors.Is(err, office.ErrUnknown) {
				return fmt.Errorf("there is no office %s", account.CanonicalOfficeCode(cli.Office.TwoFactor.Code))
			} else if err != nil {
				return err
			}
			fmt.Fprintf(std.out, "Two-factor authentication of office %s is off.\n", account.CanonicalOfficeCode(cli.Office.TwoFactor.Code))
			return nil
		case "user create":
			return createUser(ctx, p, cli, std)
		case "user reset-two-factor":
			return resetUser(ctx, p, cli, std.out)
		case "operator create":
			return createOperator(ctx, p, cli.Operator, std)
		case "operator list":
			return listOperators(ctx, p, std.out)
		case "operator remove":
			return removeOperator(ctx, p, cli.Operator.Remove.Username, std.out)
		}
		return fmt.Errorf("unknown command %q", command)
	})
}

// withProgram opens the database, as serve does, for one command.
func withProgram(ctx context.Context, cfg config, logger *slog.Logger, do func(*program) error) error {
	url, closeDB, err := openDatabase(ctx, cfg, false)
	if err != nil {
		return err
	}
	defer closeDB()
	p, err := connect(ctx, cfg, url, logger)
	if err != nil {
		return err
	}
	defer p.close()
	return do(p)
}

func (p *program) accounts() (*account.Service, error) {
	hasher, err := account.NewHasher()
	if err != nil {
		return nil, err
	}
	return p.accountsOn(p.pool, hasher), nil
}

func listOffices(ctx context.Context, offices *office.Service, out io.Writer) error {
	list, err := offices.List(ctx)
	if err != nil {
		return err
	}
	for _, o := range list {
		state := "off"
		if o.TwoFactorRequired {
			state = "on"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\n", o.Code, strings.ReplaceAll(o.Name, "\t", " "), state)
	}
	return nil
}

func createUser(ctx context.Context, p *program, cli commands, std stdio) error {
	accounts, err := p.accounts()
	if err != nil {
		return err
	}
	n, password := cli.User.Create, ""
	if !n.Invite {
		if password, err = readPassword(std.in); err != nil {
			return err
		}
	}
	_, err = accounts.Create(ctx, account.NewUser{
		OfficeCode: n.Office, Username: n.Username, Name: n.Name, Email: n.Email, Role: account.Role(n.Role), Password: password, Invite: n.Invite,
	}, audit.CommandLine)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "User %s is made.\n", account.CanonicalUsername(n.Username))
	return nil
}

// readPassword reads one line; the line's end is not part of the password.
func readPassword(in io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(in, 4096))
	if err != nil {
		return "", fmt.Errorf("read the password from standard input: %w", err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		return "", errors.New("no password came on standard input")
	}
	if strings.ContainsAny(password, "\r\n") {
		return "", errors.New("more than one line came on standard input: the password is one line")
	}
	return password, nil
}

func resetUser(ctx context.Context, p *program, cli commands, out io.Writer) error {
	accounts, err := p.accounts()
	if err != nil {
		return err
	}
	officeID, userID, err := accounts.Find(ctx, cli.User.ResetTwoFactor.Office, cli.User.ResetTwoFactor.Username)
	if err != nil {
		return err
	}
	if err := p.factors(p.pool).Telling(accounts).ForceReset(ctx, officeID, userID); err != nil {
		return err
	}
	fmt.Fprintf(out, "The second factor of %s is reset. They choose anew at the next log-in.\n", account.CanonicalUsername(cli.User.ResetTwoFactor.Username))
	return nil
}
