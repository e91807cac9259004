package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/otp"
)

// operatorCommand is the group of commands about operators, who belong to no office.
type operatorCommand struct {
	Create operatorCreate `cmd:"" help:"Add an operator, and print the key of their authenticator app once."`
	List   operatorList   `cmd:"" help:"List the operators: username, day of creation."`
	Mail   operatorMail   `cmd:"" help:"Say where mails about the installation go: a money cap is nearly spent."`
	Remove operatorRemove `cmd:"" help:"Remove an operator and end their sessions."`
}

type operatorMail struct {
	Username string `required:"" help:"Their username."`
	Email    string `required:"" help:"The e-mail address; none to send nothing."`
}

// Run sets an operator's e-mail address.
func (c *operatorMail) Run(ctx context.Context, a *app, std stdio) error {
	email := c.Email
	if email == "none" {
		email = ""
	}
	if err := a.web.accounts.SetOperatorEmail(ctx, c.Username, email, audit.CommandLine); err != nil {
		return err
	}
	fmt.Fprintln(std.out, "The address is saved.")
	return nil
}

type operatorCreate struct {
	Username      string `required:"" help:"Username; it cannot be changed."`
	PasswordStdin bool   `required:"" help:"Read the password, at least 12 characters, from standard input."`
	QR            bool   `name:"qr" help:"Draw the key as a QR code even where the output is no terminal."`
}

// Run adds an operator, and prints the key of their app on standard output: it cannot be read back.
func (c *operatorCreate) Run(ctx context.Context, a *app, std stdio) error {
	password, err := readPassword(std.in)
	if err != nil {
		return err
	}
	id, err := a.web.accounts.CreateOperator(ctx, c.Username, password, audit.CommandLine)
	if err != nil {
		return err
	}
	username := account.CanonicalUsername(c.Username)
	enrolment, err := a.web.factors.EnrolOperator(ctx, id)
	if err != nil {
		// Without a key nobody can sign in under this name, nor could it be created again.
		return errors.Join(err, a.web.accounts.RemoveOperator(ctx, username, audit.CommandLine))
	}
	fmt.Fprintf(std.out, "Operator %s is made, and signs in at %s/operator/login with username, password and "+
		"the code of an authenticator app.\n", username, a.cfg.url)
	fmt.Fprintln(std.out, "This is the key for the app. It is shown only now:")
	fmt.Fprintln(std.out, enrolment.Secret.Grouped())
	fmt.Fprintln(std.out, "The same as an address, for apps and password managers that take one:")
	fmt.Fprintln(std.out, enrolment.URI)
	if !c.QR && !isTerminal(std.out) {
		return nil
	}
	drawn, err := otp.TerminalQR(enrolment.URI)
	if err != nil {
		return err
	}
	fmt.Fprint(std.out, "\n"+drawn)
	return nil
}

// isTerminal reports whether somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

type operatorList struct{}

// Run prints a line of tab-separated fields for each operator.
func (operatorList) Run(ctx context.Context, a *app, std stdio) error {
	operators, err := a.web.accounts.Operators(ctx)
	if err != nil {
		return err
	}
	for _, o := range operators {
		fmt.Fprintf(std.out, "%s\t%s\n", o.Username, o.CreatedAt.UTC().Format("2006-01-02"))
	}
	return nil
}

type operatorRemove struct {
	Username string `required:"" help:"Username."`
}

// Run removes an operator and ends their sessions.
func (c *operatorRemove) Run(ctx context.Context, a *app, std stdio) error {
	username := account.CanonicalUsername(c.Username)
	err := a.web.accounts.RemoveOperator(ctx, username, audit.CommandLine)
	if errors.Is(err, account.ErrUnknown) {
		return fmt.Errorf("there is no operator %s", username)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "Operator %s is removed.\n", username)
	return nil
}
