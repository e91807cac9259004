package main

import (
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// newCarriers sets up the providers that the configuration asks for. hooks is the address under which they reach us.
func newCarriers(cfg config, hooks string, demo *message.DemoPhone) (message.Carriers, error) {
	router, err := sms.Open(cfg.registry, cfg.sms, hooks, demo.Keep)
	return message.NewCarriers(router, newWords(cfg)), err
}

func newWords(cfg config) message.Words { return message.NewWords(cfg.product, cfg.url.Hostname()) }

// providers returns the names of the providers that the configuration asks for, as in the sends.
func (c config) providers() []string {
	var names []string
	for _, p := range c.sms.SetUp(c.registry) {
		names = append(names, p.Name)
	}
	return names
}
