package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// appCommand is the group of commands about the applications that people are let into.
type appCommand struct {
	Create  appCreate  `cmd:"" help:"Register an application."`
	List    appList    `cmd:"" help:"List the applications: name, kind, address, offices, open or disabled."`
	Show    appShow    `cmd:"" help:"Say what is registered of an application."`
	Config  appConfig  `cmd:"" help:"Print the configuration of the proxy in front of an application."`
	Disable appDisable `cmd:"" help:"Let nobody into an application any more."`
	Enable  appEnable  `cmd:"" help:"Let those in again who may."`
	Picture appPicture `cmd:"" help:"Give an application a picture."`
	Remove  appRemove  `cmd:"" help:"Take an application out of the registry."`
	Secret  appSecret  `cmd:"" help:"Make another secret for an OpenID Connect application: the one before serves on."`
}

type appCreate struct {
	Name             string   `required:"" help:"Its name, as people know it."`
	URL              string   `required:"" name:"url" help:"Where people open it: https://payroll.acme.example."`
	About            string   `help:"What it is, in a few words."`
	Host             []string `help:"Another host under which browsers reach it."`
	Offices          string   `required:"" help:"Codes of the offices that it is for, with commas between, or all."`
	Roles            string   `help:"Roles that may enter, with commas between; all of them without it."`
	MaxFactorAge     string   `help:"Greatest age of the second factor, as 15m. As old as the session without it."`
	RequireTwoFactor bool     `help:"Demand two factors, even where the office does not."`
	Sensitive        bool     `help:"A mark for who keeps the list: it holds what is worth most."`
	JSON             bool     `name:"json" help:"Answer in JSON."`
	oidcFlags        `embed:""`
}

// Run registers an application.
func (c *appCreate) Run(ctx context.Context, a *app, std stdio) error {
	var greatest time.Duration
	if c.MaxFactorAge != "" {
		var err error
		if greatest, err = time.ParseDuration(c.MaxFactorAge); err != nil || greatest <= 0 {
			return fmt.Errorf("--max-factor-age %s is no length of time: write 15m, or 1h", c.MaxFactorAge)
		}
	}
	registered := application.Application{
		Kind: application.Forward, Name: c.Name, About: c.About, URL: c.URL, Hosts: c.Host,
		RequireTwoFactor: c.RequireTwoFactor, MaxFactorAge: greatest, Sensitive: c.Sensitive,
	}
	registered.AllOffices = strings.EqualFold(strings.TrimSpace(c.Offices), "all")
	if !registered.AllOffices {
		registered.Offices = split(c.Offices)
	}
	if c.Roles == "" {
		registered.Roles = application.Roles()
	}
	for _, role := range split(c.Roles) {
		registered.Roles = append(registered.Roles, account.Role(strings.ToLower(role)))
	}
	if c.OIDC {
		return c.createOIDC(ctx, a, std, registered)
	}
	id, err := a.web.registry.Create(ctx, registered, audit.CommandLine, "")
	if err != nil {
		return err
	}
	made, err := a.web.registry.Get(ctx, id)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, outline(made))
	}
	fmt.Fprintf(std.out, "%s is registered. Put its proxy's configuration where it belongs: "+
		"nightlatch app config %q --proxy nginx\n", made.Name, made.Name)
	return nil
}

func split(list string) (all []string) {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// appOutline is an application in JSON.
type appOutline struct {
	ID               int64          `json:"id"`
	Name             string         `json:"name"`
	About            string         `json:"about,omitempty"`
	Kind             string         `json:"kind"`
	URL              string         `json:"url"`
	Hosts            []string       `json:"hosts"`
	Offices          []string       `json:"offices"` // "all" alone for every office
	Roles            []account.Role `json:"roles"`
	RequireTwoFactor bool           `json:"require_two_factor"`
	MaxFactorAge     int            `json:"max_factor_age_seconds,omitempty"`
	Sensitive        bool           `json:"sensitive"`
	Disabled         bool           `json:"disabled"`
	CreatedAt        time.Time      `json:"created_at"`
}

func outline(a application.Application) appOutline {
	offices := a.Offices
	if a.AllOffices {
		offices = []string{"all"}
	}
	return appOutline{a.ID, a.Name, a.About, string(a.Kind), a.URL, a.Hosts, offices, a.Roles, a.RequireTwoFactor,
		int(a.MaxFactorAge.Seconds()), a.Sensitive, a.Disabled, a.CreatedAt}
}

func printJSON(w io.Writer, what any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(what)
}

type appList struct {
	JSON bool `name:"json" help:"Answer in JSON."`
}

// Run prints a line of tab-separated fields for each application.
func (c *appList) Run(ctx context.Context, a *app, std stdio) error {
	all, err := a.web.registry.List(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		outlines := make([]appOutline, len(all))
		for i, one := range all {
			outlines[i] = outline(one)
		}
		return printJSON(std.out, outlines)
	}
	for _, one := range all {
		o := outline(one)
		fmt.Fprintf(std.out, "%s\t%s\t%s\t%s\t%s\n", o.Name, o.Kind, o.URL, strings.Join(o.Offices, ","), state(one))
	}
	return nil
}

func state(a application.Application) string {
	if a.Disabled {
		return "disabled"
	}
	return "open"
}

// named is an application that a command is about.
type named struct {
	Name string `arg:"" help:"The application's name."`
	JSON bool   `name:"json" help:"Answer in JSON."`
}

func (n named) find(ctx context.Context, a *app) (application.Application, error) {
	found, err := a.web.registry.Named(ctx, n.Name)
	if errors.Is(err, application.ErrUnknown) {
		return found, fmt.Errorf("there is no application %q: nightlatch app list names them", n.Name)
	}
	return found, err
}

// say tells what a command did.
func (n named) say(ctx context.Context, a *app, std stdio, id int64, sentence string) error {
	if !n.JSON {
		fmt.Fprintln(std.out, sentence)
		return nil
	}
	now, err := a.web.registry.Get(ctx, id)
	if err != nil {
		return err
	}
	return printJSON(std.out, outline(now))
}

type appShow struct{ named }

// Run says what is registered of an application.
func (c *appShow) Run(ctx context.Context, a *app, std stdio) error {
	found, err := c.find(ctx, a)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, outline(found))
	}
	o := outline(found)
	age := "as old as the session"
	if found.MaxFactorAge > 0 {
		age = found.MaxFactorAge.String()
	}
	fmt.Fprintf(std.out, "%s (%s), %s\naddress\t%s\nhosts\t%s\noffices\t%s\nroles\t%s\n"+
		"two factors\t%v\nage of the second factor\t%s\nsensitive\t%v\n", o.Name, o.Kind, state(found), o.URL,
		strings.Join(o.Hosts, ", "), strings.Join(o.Offices, ", "), roleWords(o.Roles), o.RequireTwoFactor, age,
		o.Sensitive)
	return nil
}

func roleWords(roles []account.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}

type appDisable struct{ named }

// Run closes an application for everybody.
func (c *appDisable) Run(ctx context.Context, a *app, std stdio) error {
	return c.set(ctx, a, std, true, "is disabled: nobody is let in")
}

type appEnable struct{ named }

// Run opens an application again.
func (c *appEnable) Run(ctx context.Context, a *app, std stdio) error {
	return c.set(ctx, a, std, false, "is open to those who may enter")
}

func (n named) set(ctx context.Context, a *app, std stdio, disabled bool, sentence string) error {
	found, err := n.find(ctx, a)
	if err != nil {
		return err
	}
	if err := a.web.registry.Disable(ctx, found.ID, disabled, audit.CommandLine, ""); err != nil {
		return err
	}
	return n.say(ctx, a, std, found.ID, found.Name+" "+sentence+".")
}

type appRemove struct{ named }

// Run takes an application out of the registry.
func (c *appRemove) Run(ctx context.Context, a *app, std stdio) error {
	found, err := c.find(ctx, a)
	if err != nil {
		return err
	}
	if err := a.web.registry.Remove(ctx, found.ID, audit.CommandLine, ""); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, outline(found))
	}
	fmt.Fprintf(std.out, "%s is removed.\n", found.Name)
	return nil
}

type appPicture struct {
	named
	File string `required:"" help:"A PNG of at most 32 kB and 512 by 512 points."`
}

// Run gives an application a picture, which is drawn anew from the file.
func (c *appPicture) Run(ctx context.Context, a *app, std stdio) error {
	found, err := c.find(ctx, a)
	if err != nil {
		return err
	}
	file, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read the picture: %w", err)
	}
	picture, err := application.ReadPNG(file)
	if err != nil {
		return err
	}
	if err := a.web.registry.SetPicture(ctx, found.ID, picture, audit.CommandLine, ""); err != nil {
		return err
	}
	return c.say(ctx, a, std, found.ID, found.Name+" has its picture.")
}
