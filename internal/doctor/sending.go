package doctor

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/mail"
)

// providers looks at the breakers and the balances of the providers. One that was taken out of the configuration
// neither alarms nor passes for a way out.
func (in *installation) providers(ctx context.Context, r *report) error {
	rows, err := in.q.MetricsProviders(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("read the providers: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(row dbsqlc.MetricsProvidersRow) bool {
		return !slices.Contains(in.Providers, row.Name)
	})
	breakers(rows, r)
	for _, row := range rows {
		if !math.IsNaN(row.Balance) && row.Balance < in.BalanceWarn {
			r.warning("The account at %s has %s %.2f left. Add money, or switch automatic top-up on.", row.Name,
				in.Currency, row.Balance)
		}
	}
	return nil
}

// breakers warns of open breakers, and calls them problems when no provider is left.
func breakers(rows []dbsqlc.MetricsProvidersRow, r *report) {
	finding, open := r.problem, 0
	if slices.ContainsFunc(rows, func(row dbsqlc.MetricsProvidersRow) bool { return !row.Open }) {
		finding = r.warning
	}
	for _, row := range rows {
		if row.Open {
			open++
			finding("The breaker of %s has been open for %s (%s, status %s). Look at its account and its status page; "+
				"it closes by itself when a probe succeeds.",
				row.Name, roughly(seconds(row.OpenSeconds)), row.OpenClass, row.OpenStatus)
		}
	}
	if open == 0 {
		r.ok("No breaker is open.")
	}
}

// delivery looks at when a message last arrived.
func (in *installation) delivery(ctx context.Context, r *report) error {
	row, err := in.q.DoctorDelivery(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("look for the last message: %w", err)
	}
	delivered, asked := seconds(row.DeliveredSeconds), seconds(row.AskedSeconds)
	switch {
	case asked < 0:
		r.ok("No message has been asked for yet.")
	case delivered < 0:
		r.warning("The last message was asked for %s ago, and none is known to have reached a phone. "+
			"Check the receipts: VONAGE_SIGNATURE_SECRET, and that the provider reaches %s.", roughly(asked), in.URL)
	case delivered-asked > time.Hour:
		r.warning("The last message was asked for %s ago, but the last that is known to have reached a phone %s ago. "+
			"Look at the operator's overview.", roughly(asked), roughly(delivered))
	default:
		r.ok("The last message that reached a phone was asked for %s ago.", roughly(delivered))
	}
	return nil
}

// spending compares this month's costs with the caps.
func (in *installation) spending(ctx context.Context, r *report) error {
	m, err := in.q.MetricsSpend(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("add up this month's costs: %w", err)
	}
	switch {
	case math.IsNaN(m.Cap):
		r.warning("The installation has no money cap, which bounds what toll fraud can cost. " +
			"docs/operating.md says how to set one.")
	case m.Spent >= m.Cap:
		r.problem("This month's money is spent (%.2f of %s %.2f): no message goes to new "+
			"numbers, and none at all when a fifth more is spent. Find out why before raising the cap.", m.Spent, in.Currency,
			m.Cap)
	case m.Spent >= 0.8*m.Cap:
		r.warning("%.2f of this month's %s %.2f is spent. Find out why before raising the cap.", m.Spent, in.Currency,
			m.Cap)
	default:
		r.ok("%.2f of this month's %s %.2f is spent.", m.Spent, in.Currency, m.Cap)
	}
	if m.OfficesNearCap > 0 {
		r.warning("%d offices have spent 80 %% or more of their own cap. See the operator's page of offices.",
			m.OfficesNearCap)
	}
	return nil
}

// prefixes counts the ranges of numbers that toll fraud has stopped.
func (in *installation) prefixes(ctx context.Context, r *report) error {
	stopped, err := in.q.MetricsPrefixes(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("count the stopped prefixes: %w", err)
	}
	if stopped > 0 {
		r.warning("%d ranges of numbers are stopped, since few of their codes are entered. "+
			"See docs/operating.md, NightlatchPrefixStopped.", stopped)
	}
	return nil
}

// mails says what keeps mails from going out.
func (in *installation) mails(ctx context.Context, r *report) error {
	rows, err := in.q.MailTroubles(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("ask what keeps mails: %w", err)
	}
	for _, m := range rows {
		why := mail.Failure{Fault: mail.Fault(m.Fault), Code: int(m.Code)}
		r.warning("%d mails of the last hour did not go out: %s. See \"Mail\" in docs/operating.md.", m.Mails, why.Reason())
	}
	return nil
}
