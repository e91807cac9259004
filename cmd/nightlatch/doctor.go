package main

import (
	"context"

	"github.com/nightlatch/nightlatch/internal/doctor"
)

type doctorCommand struct{}

// Run examines the installation. An environment that cannot be used is a finding, not an error of the command.
func (doctorCommand) Run(ctx context.Context, env variables, std stdio) error {
	cfg, err := readConfig(env)
	if err != nil {
		return doctor.Wrong(err, std.out)
	}
	settings := doctor.Settings{
		URL: cfg.url, Provider: cfg.provider, Providers: cfg.providers(), Demo: cfg.isDemo(), Mail: cfg.mail != nil,
		KeyFile: cfg.keyFile, KeyFileMade: cfg.keyFileMake, BalanceWarn: cfg.balanceWarn,
		Open: func(ctx context.Context) (string, func(), error) { return openDatabase(ctx, cfg, false) },
	}
	if cfg.databaseURL == "" {
		settings.Data = cfg.data
	}
	if cfg.provider == byVonage && cfg.vonage["VONAGE_SIGNATURE_SECRET"] == "" {
		settings.ProviderWarnings = []string{"VONAGE_SIGNATURE_SECRET is not set: no receipts are taken, so nobody learns " +
			"whether a message reached its phone. Switch signed webhooks on at Vonage (SHA-256 HMAC) and set the secret."}
	}
	switch {
	case cfg.provider == "":
		settings.ProviderError = errNoProvider
	case !cfg.isDemo():
		_, settings.ProviderError = newProviders(cfg, cfg.url.String(), nil)
	}
	return doctor.Examine(ctx, settings, std.out)
}
