package main

import (
	"context"
	"errors"

	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/proxyconfig"
)

type appConfig struct {
	Name       string `arg:"" help:"The application's name."`
	Proxy      string `default:"nginx" enum:"nginx,caddy,traefik" help:"The proxy: nginx, caddy or traefik."`
	Upstream   string `default:"http://127.0.0.1:9000" help:"Where the proxy finds the application."`
	Nightlatch string `help:"Where the proxy finds Nightlatch. As NIGHTLATCH_ADDR without it."`
}

// Run prints the configuration with which a proxy guards an application.
func (c *appConfig) Run(ctx context.Context, a *app, std stdio) error {
	found, err := named{Name: c.Name}.find(ctx, a)
	if err != nil {
		return err
	}
	if found.Kind != application.Forward {
		return errors.New(found.Name + " speaks OpenID Connect: no proxy guards it")
	}
	if c.Nightlatch == "" {
		c.Nightlatch = a.cfg.addr
	}
	return proxyconfig.Write(std.out, c.Proxy, found, proxyconfig.Places{Upstream: c.Upstream, Nightlatch: c.Nightlatch})
}
