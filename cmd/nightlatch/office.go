package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/office"
)

// officeCommand is the group of commands about offices. What they do is the command line's in the audit log.
type officeCommand struct {
	Create    officeCreate    `cmd:"" help:"Add an office."`
	List      officeList      `cmd:"" help:"List the offices: code, name, on or off."`
	TwoFactor officeTwoFactor `cmd:"" help:"Switch an office's two-factor authentication off."`
}

type officeCreate struct {
	Code string `required:"" help:"Office code: 1 to 32 letters, digits or hyphens."`
	Name string `required:"" help:"The office's name."`
}

// Run adds an office without users.
func (c *officeCreate) Run(ctx context.Context, a *app, std stdio) error {
	if err := a.web.offices.Create(ctx, c.Code, c.Name, audit.CommandLine); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "Office %s is made. Add its superuser with nightlatch user create.\n",
		account.CanonicalOfficeCode(c.Code))
	return nil
}

type officeList struct{}

// Run prints a line of tab-separated fields for each office.
func (officeList) Run(ctx context.Context, a *app, std stdio) error {
	list, err := a.web.offices.List(ctx)
	if err != nil {
		return err
	}
	for _, o := range list {
		state := "off"
		if o.TwoFactorRequired {
			state = "on"
		}
		fmt.Fprintf(std.out, "%s\t%s\t%s\n", o.Code, strings.ReplaceAll(o.Name, "\t", " "), state)
	}
	return nil
}

type officeTwoFactor struct {
	Code  string `required:"" help:"Office code."`
	State string `arg:"" enum:"off" help:"off: the audited way back in when a whole office is locked out."`
}

// Run switches an office's two-factor authentication off, and tells its superusers.
func (c *officeTwoFactor) Run(ctx context.Context, a *app, std stdio) error {
	code := account.CanonicalOfficeCode(c.Code)
	if err := a.web.offices.ForceOff(ctx, c.Code); errors.Is(err, office.ErrUnknown) {
		return fmt.Errorf("there is no office %s", code)
	} else if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "Two-factor authentication of office %s is off.\n", code)
	return nil
}
