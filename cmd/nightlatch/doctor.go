package main

import (
	"context"

	"github.com/nightlatch/nightlatch/internal/doctor"
	"github.com/nightlatch/nightlatch/internal/sms"
)

type doctorCommand struct {
	URL      string   `arg:"" optional:"" name:"url" help:"An application's address, to examine its proxy."`
	Public   []string `help:"Beginnings of paths of that application that everybody may see."`
	Upstream string   `help:"The application's own address, which nobody but its proxy should reach from here."`
	JSON     bool     `name:"json" help:"Answer in JSON what is wrong with an application's proxy."`
}

// Run examines the installation. An environment that cannot be used is a finding, not an error of the command.
func (c doctorCommand) Run(ctx context.Context, registry []sms.Provider, env variables, std stdio) error {
	cfg, err := readConfig(registry, env)
	if c.URL != "" && err == nil {
		return c.application(ctx, cfg, std)
	}
	if err != nil {
		return doctor.Wrong(err, std.out)
	}
	settings := doctor.Settings{
		URL: cfg.url, Provider: cfg.sms.Provider, Providers: cfg.providers(), Demo: cfg.isDemo(), Mail: cfg.mail != nil,
		Proxies: cfg.proxies, SSONetworks: cfg.ssoNetworks, KeyFile: cfg.keyFile,
		KeyFileMade: cfg.keyFileMake, BalanceWarn: cfg.balanceWarn, Currency: cfg.currency,
		ListenURL: cfg.listenURL,
		Open:      func(ctx context.Context) (string, func(), error) { return openDatabase(ctx, cfg, false) },
	}
	if cfg.mail != nil {
		settings.MailName = cfg.mail.Name
	}
	if cfg.databaseURL == "" {
		settings.Data = cfg.data
	}
	if cfg.sms.Provider == "" {
		settings.ProviderError = sms.ErrNoProvider(registry)
	} else {
		carriers, err := newCarriers(cfg, cfg.url.String(), nil)
		settings.ProviderError, settings.ProviderWarnings = err, carriers.Warnings()
	}
	return doctor.Examine(ctx, settings, std.out)
}
