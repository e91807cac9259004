package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/keys/rotation"
)

// keysCommand is the group of commands about the master keys. The rules are in package rotation.
type keysCommand struct {
	Rotate  keysRotate  `cmd:"" help:"Add a new master key to the key file; with --promote, seal with it."`
	Status  keysStatus  `cmd:"" help:"Show the keys: which seals, what each is still needed for, who has it."`
	Signing keysSigning `cmd:"" help:"Show the keys that sign for applications, or revoke one with --revoke."`
}

type keysRotate struct {
	Promote bool `help:"Seal with the new key from now on. Refused while a serving process has not got it."`
	Anew    bool `help:"Add another new key in place of one that was lost before it was promoted."`
}

// Run adds a key, or promotes it, and says what comes next.
func (c *keysRotate) Run(ctx context.Context, a *app, std stdio) error {
	rotation := rotation.New(a.pool, a.ring, a.cfg.keyFile, a.log, a.outbox)
	if c.Promote {
		fingerprint, err := rotation.Promote(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(std.out, `The key of fingerprint %s seals from now on. A job seals anew what an older one sealed.
Leave the older lines in the file until nightlatch keys status says that nothing needs them.
`, fingerprint)
		return nil
	}
	fingerprint, err := rotation.Add(ctx, c.Anew)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, `A new key of fingerprint %s is the first line of %s. It seals nothing yet.
Next: copy that file to every node; each takes it up within seconds, without a restart. `+
		`Back it up, apart from the database.
Then, when nightlatch keys status shows that all have it: nightlatch keys rotate --promote
`, fingerprint, a.cfg.keyFile)
	return nil
}

type keysStatus struct{}

// Run prints the keys of the file, newest first, and who has them.
func (keysStatus) Run(ctx context.Context, a *app, std stdio) error {
	status, err := rotation.New(a.pool, a.ring, a.cfg.keyFile, a.log, a.outbox).Status(ctx)
	if err != nil {
		return err
	}
	states := map[rotation.State]string{
		rotation.Waiting: "waits for --promote", rotation.Seals: "seals",
		rotation.Needed: "needed", rotation.NotNeeded: "not needed: its line may go",
	}
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KEY\tSTATE\tSECRETS\tFOR A DAY\tRECOVERY CODES\tPROCESSES WITH IT")
	for _, k := range status.Keys {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d of %d\n", k.Fingerprint, states[k.State],
			k.Use.Secrets, k.Use.ShortLived, k.Use.RecoveryCodes, k.Holders, status.Holders)
	}
	for _, use := range status.Missing {
		fmt.Fprintf(table, "id %x\tNOT IN THE FILE: put it back\t%d\t%d\t%d\t\n",
			use.KeyID, use.Secrets, use.ShortLived, use.RecoveryCodes)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if status.Unknown > 0 {
		fmt.Fprintf(std.out, "%d recovery codes were made by an earlier release, which did not note their key: "+
			"keep every older line while there are any.\n", status.Unknown)
	}
	for _, host := range status.Without {
		fmt.Fprintf(std.out, "Without the newest key: %s\n", host)
	}
	return nil
}

type keysSigning struct {
	Revoke string `help:"Take this key out of the set at once: the next one signs in its place." placeholder:"KEY"`
}

// Run prints the published set, after it has revoked a key.
func (c *keysSigning) Run(ctx context.Context, a *app, std stdio) error {
	if c.Revoke != "" {
		if err := a.web.signing.Revoke(ctx, c.Revoke, audit.CommandLine); err != nil {
			return err
		}
		fmt.Fprintf(std.out, "Revoked: %s\n", c.Revoke)
	}
	published, err := a.web.signing.Published(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KEY\tALGORITHM\tSTATE")
	for _, k := range published {
		state := "was before; stays until nothing it signed is looked at"
		switch {
		case k.Signs:
			state = "signs since " + k.SignsFrom.UTC().Format(time.DateOnly)
		case k.SignsFrom.After(time.Now()):
			state = "will sign from " + k.SignsFrom.UTC().Format(time.DateTime)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", k.ID, k.Algorithm, state)
	}
	return table.Flush()
}
