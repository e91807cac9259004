package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/office"
)

// officeCommand is the group of commands about offices. What they do is the command line's in the audit log.
type officeCommand struct {
	Create    officeCreate    `cmd:"" help:"Add an office."`
	List      officeList      `cmd:"" help:"List the offices: code, name, on or off."`
	Show      officeShow      `cmd:"" help:"Show what an office has decided about its log-ins."`
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

type officeShow struct {
	Code string `arg:"" help:"Office code."`
	JSON bool   `name:"json" help:"Answer in JSON."`
}

// shownOffice is what the command prints of an office.
type shownOffice struct {
	Code         string           `json:"code"`
	Name         string           `json:"name"`
	Demanded     bool             `json:"two_factor_required"`
	From         *time.Time       `json:"from,omitempty"` // the date
	Zone         string           `json:"time_zone,omitempty"`
	Waves        []shownWave      `json:"waves,omitempty"`
	FirstHours   int              `json:"first_hours"`
	Exempt       []shownExemption `json:"exempt,omitempty"`
	TwoApprovers bool             `json:"two_approvers"`
	CoolingHours int              `json:"cooling_off_hours"`
	Users        int              `json:"users"`
	Ready        int              `json:"ready"`
}

type shownWave struct {
	Name string    `json:"name"` // a role's, or the group's own
	From time.Time `json:"from"`
}

type shownExemption struct {
	Username string    `json:"username"`
	Until    time.Time `json:"until"`
	Reason   string    `json:"reason"`
}

// Run prints an office: from when on it demands two factors, of whom it does not, and who helps whom.
func (c *officeShow) Run(ctx context.Context, a *app, std stdio) error {
	o, err := c.read(ctx, a)
	if errors.Is(err, office.ErrUnknown) {
		return fmt.Errorf("there is no office %s", account.CanonicalOfficeCode(c.Code))
	}
	if err != nil {
		return err
	}
	if c.JSON {
		answer := json.NewEncoder(std.out)
		answer.SetIndent("", "  ")
		return answer.Encode(o)
	}
	o.print(std.out)
	return nil
}

func (c *officeShow) read(ctx context.Context, a *app) (shownOffice, error) {
	id, name, err := a.web.offices.ByCode(ctx, c.Code)
	if err != nil {
		return shownOffice{}, err
	}
	date, err := a.web.offices.Rollout(ctx, id)
	if err != nil {
		return shownOffice{}, err
	}
	exempt, err := a.web.offices.Exemptions(ctx, id)
	if err != nil {
		return shownOffice{}, err
	}
	help, err := a.web.rescue.SettingsOf(ctx, id)
	if err != nil {
		return shownOffice{}, err
	}
	ready, err := a.web.offices.Preflight(ctx, id)
	if err != nil {
		return shownOffice{}, err
	}
	o := shownOffice{
		Code: account.CanonicalOfficeCode(c.Code), Name: name, Demanded: date.Active, Zone: date.Zone,
		FirstHours: date.Grace, TwoApprovers: help.TwoApprovers, CoolingHours: help.CoolingHours, Users: ready.Users,
		Ready: ready.Ready,
	}
	if !date.From.IsZero() {
		o.From = &date.From
	}
	for _, w := range date.Waves {
		wave := shownWave{w.Name, w.From}
		if w.Role != "" {
			wave.Name = string(w.Role)
		}
		o.Waves = append(o.Waves, wave)
	}
	for _, e := range exempt {
		o.Exempt = append(o.Exempt, shownExemption{e.Username, e.Until, e.Reason})
	}
	return o, nil
}

// print writes a line of tab-separated fields for each fact.
func (o shownOffice) print(to io.Writer) {
	line := func(fields ...any) {
		words := make([]string, len(fields))
		for i, field := range fields {
			words[i] = strings.ReplaceAll(fmt.Sprint(field), "\t", " ")
		}
		fmt.Fprintln(to, strings.Join(words, "\t"))
	}
	moment := func(at time.Time) string { return at.UTC().Format(time.RFC3339) }
	onOff := map[bool]string{true: "on", false: "off"}
	line("code", o.Code)
	line("name", o.Name)
	line("two factors", onOff[o.Demanded])
	if o.From != nil {
		line("from", moment(*o.From), o.Zone)
	}
	for _, w := range o.Waves {
		line("wave", w.Name, moment(w.From))
	}
	line("first hours", o.FirstHours)
	for _, e := range o.Exempt {
		line("exempt", e.Username, moment(e.Until), e.Reason)
	}
	line("two approvers", onOff[o.TwoApprovers])
	line("cooling-off hours", o.CoolingHours)
	line("ready", o.Ready, o.Users)
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
