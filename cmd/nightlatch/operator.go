package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// operatorCommands are the commands about operators, who belong to no office.
type operatorCommands struct {
	Create struct {
		Username      string `required:"" help:"Username; it cannot be changed."`
		PasswordStdin bool   `required:"" help:"Read the password, at least 12 characters, from standard input."`
	} `cmd:"" help:"Add an operator, and print the key of their authenticator app once."`
	List   struct{} `cmd:"" help:"List the operators: username, day of creation."`
	Remove struct {
		Username string `required:"" help:"Username."`
	} `cmd:"" help:"Remove an operator and end their sessions."`
}

// createOperator prints the key on standard output, once: it cannot be read back.
func createOperator(ctx context.Context, p *program, n operatorCommands, std stdio) error {
	accounts, err := p.accounts()
	if err != nil {
		return err
	}
	password, err := readPassword(std.in)
	if err != nil {
		return err
	}
	id, err := accounts.CreateOperator(ctx, n.Create.Username, password, audit.CommandLine)
	if err != nil {
		return err
	}
	username := account.CanonicalUsername(n.Create.Username)
	enrolment, err := p.factors(p.pool).EnrolOperator(ctx, id)
	if err != nil {
		// Without a key nobody can sign in under this name, nor could it be created again.
		return errors.Join(err, accounts.RemoveOperator(ctx, username, audit.CommandLine))
	}
	fmt.Fprintf(std.out, "Operator %s is made, and signs in at %s/operator/login with username, password and the code of an authenticator app.\n", username, p.cfg.url)
	fmt.Fprintln(std.out, "This is the key for the app. It is shown only now:")
	fmt.Fprintln(std.out, enrolment.Secret.Grouped())
	fmt.Fprintln(std.out, "The same as an address, for apps and password managers that take one:")
	fmt.Fprintln(std.out, enrolment.URI)
	return nil
}

func listOperators(ctx context.Context, p *program, out io.Writer) error {
	accounts, err := p.accounts()
	if err != nil {
		return err
	}
	operators, err := accounts.Operators(ctx)
	if err != nil {
		return err
	}
	for _, o := range operators {
		fmt.Fprintf(out, "%s\t%s\n", o.Username, o.CreatedAt.UTC().Format("2006-01-02"))
	}
	return nil
}

func removeOperator(ctx context.Context, p *program, username string, out io.Writer) error {
	accounts, err := p.accounts()
	if err != nil {
		return err
	}
	username = account.CanonicalUsername(username)
	if err := accounts.RemoveOperator(ctx, username, audit.CommandLine); errors.Is(err, account.ErrUnknown) {
		return fmt.Errorf("there is no operator %s", username)
	} else if err != nil {
		return err
	}
	fmt.Fprintf(out, "Operator %s is removed.\n", username)
	return nil
}
