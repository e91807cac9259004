package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// userCommand is the group of commands about the users of offices.
type userCommand struct {
	Create         userCreate         `cmd:"" help:"Add a user."`
	ResetTwoFactor userResetTwoFactor `cmd:"" help:"Take a user's second factors away: they choose anew at the next log-in."` //nolint:lll // a sentence of --help
}

type userCreate struct {
	Office        string `required:"" help:"Office code."`
	Username      string `required:"" help:"Username; it cannot be changed."`
	Name          string `required:"" help:"The user's name."`
	Role          string `default:"user" help:"user, accountant or superuser."`
	Email         string `help:"E-mail address."`
	PasswordStdin bool   `required:"" xor:"password" help:"Read the password from standard input."`
	Invite        bool   `required:"" xor:"password" help:"Mail a link to set the password: 7 days, or as the office set."`
}

// Run adds a user with the password from standard input, or invites them.
func (c *userCreate) Run(ctx context.Context, a *app, std stdio) (err error) {
	password := ""
	if !c.Invite {
		if password, err = readPassword(std.in); err != nil {
			return err
		}
	}
	_, err = a.web.accounts.Create(ctx, account.NewUser{
		OfficeCode: c.Office, Username: c.Username, Name: c.Name, Email: c.Email,
		Role: account.Role(c.Role), Password: password, Invite: c.Invite,
	}, audit.CommandLine)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "User %s is made.\n", account.CanonicalUsername(c.Username))
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

type userResetTwoFactor struct {
	Office   string `required:"" help:"Office code."`
	Username string `required:"" help:"Username."`
}

// Run takes a user's factors away, ends their sessions and tells the office's superusers. The password goes too, and a
// link is mailed; where none can be, a word is printed.
func (c *userResetTwoFactor) Run(ctx context.Context, a *app, std stdio) error {
	officeID, userID, err := a.web.accounts.Find(ctx, c.Office, c.Username)
	if err != nil {
		return err
	}
	done, err := a.web.factors.ForceReset(ctx, officeID, userID)
	if err != nil {
		return err
	}
	name := account.CanonicalUsername(c.Username)
	if done.Mailed {
		fmt.Fprintf(std.out, "The second factor of %s is reset, and the password is void. A link to a new one is mailed to "+
			"the address on file; it works for 30 minutes.\n", name)
		return nil
	}
	fmt.Fprintf(std.out, "The second factor of %s is reset. The password stays. At the next log-in they are asked for "+
		"this word, before they choose anew. Hand it over yourself; it works for 24 hours and is not shown again:\n\n%s\n",
		name, done.Word)
	return nil
}
