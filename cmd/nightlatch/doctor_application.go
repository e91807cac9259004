package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/doorcheck"
	"github.com/nightlatch/nightlatch/internal/proxyconfig"
)

// appFinding is a finding in JSON.
type appFinding struct {
	Wrong   doorcheck.Wrong `json:"wrong"`
	Problem string          `json:"problem"`
	Mend    string          `json:"mend"`
}

// application examines the proxy of an application, and returns an error that counts the problems.
func (c doctorCommand) application(ctx context.Context, cfg config, std stdio) error {
	address, err := url.Parse(c.URL)
	if err != nil || address.Host == "" {
		return fmt.Errorf("%q is no address of an application: write https://payroll.acme.example", c.URL)
	}
	if c.Upstream != "" && !proxyconfig.IsUpstream(c.Upstream) {
		return fmt.Errorf("%q is no address of an application: write http://10.0.0.7:9000", c.Upstream)
	}
	a, err := open(ctx, cfg, newLogger(std.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	defer a.close()
	all, err := a.web.registry.List(ctx)
	if err != nil {
		return err
	}
	host := strings.ToLower(address.Host)
	at := slices.IndexFunc(all, func(one application.Application) bool { return slices.Contains(one.Hosts, host) })
	var asked application.Application
	if at >= 0 {
		asked = all[at]
	}
	doctor := doorcheck.New(doorcheck.NewProbes(a.pool, a.ring, time.Now), nil, time.Now)
	found, err := doctor.Examine(ctx, asked, host, c.Public)
	if err != nil {
		return err
	}
	if c.Upstream != "" {
		found = append(found, doctor.Beside(ctx, c.Upstream)...)
	}
	return c.print(found, host, std)
}

func (c doctorCommand) print(found []doorcheck.Finding, host string, std stdio) error {
	all := make([]appFinding, len(found))
	for i, f := range found {
		all[i] = appFinding{f.Wrong, f.Sentence("en"), f.Mend("en")}
		if !c.JSON {
			fmt.Fprintf(std.out, "%-8s %s %s\n", "problem", all[i].Problem, all[i].Mend)
		}
	}
	if c.JSON {
		if err := printJSON(std.out, all); err != nil {
			return err
		}
	}
	switch len(found) {
	case 0:
		if !c.JSON {
			fmt.Fprintf(std.out, "%-8s The proxy guards %s, as far as that is seen from outside.\n", "ok", host)
		}
		return nil
	case 1:
		return errors.New("doctor found 1 problem")
	}
	return fmt.Errorf("doctor found %d problems", len(found))
}
