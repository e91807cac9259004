package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// manageKeys runs the commands about the master keys.
func manageKeys(ctx context.Context, cfg config, command string, cli commands, out io.Writer, logger *slog.Logger) error {
	return withProgram(ctx, cfg, logger, func(p *program) error {
		switch {
		case command == "keys status":
			return p.keyStatus(ctx, out)
		case cli.Keys.Rotate.Promote:
			return p.promoteKey(ctx, out)
		}
		return p.addKey(ctx, cli.Keys.Rotate.Anew, out)
	})
}

// addKey is the first half of a rotation: a new key that opens and does not seal yet. The row of the installation is
// locked meanwhile, so that two commands do not each add one.
func (p *program) addKey(ctx context.Context, anew bool, out io.Writer) error {
	q := dbsqlc.New()
	var added *keys.Ring
	err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		state, err := q.KeyStateLock(ctx, tx)
		if err != nil {
			return fmt.Errorf("read which key seals: %w", err)
		}
		if state.KeyNext != "" && !anew {
			return keyWaits(state.KeyNext, p.ring.Has(state.KeyNext))
		}
		if added, err = keys.Add(p.cfg.keyFile); err != nil {
			return err
		}
		if err := q.KeyNextSet(ctx, tx, added.Fingerprint()); err != nil {
			return fmt.Errorf("note the new key: %w", err)
		}
		return p.log.Write(ctx, tx, audit.Event{Actor: audit.CommandLine, Action: audit.KeyAdded, Detail: added.Fingerprint()})
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, `A new key of fingerprint %s is the first line of %s. It seals nothing yet.
Next: copy that file to every node; each takes it up within seconds, without a restart. Back it up, apart from the database.
Then, when nightlatch keys status shows that all have it: nightlatch keys rotate --promote
`, added.Fingerprint(), p.cfg.keyFile)
	return nil
}

func keyWaits(fingerprint string, here bool) error {
	if here {
		return fmt.Errorf("a new key of fingerprint %s waits already. When every node has it, run nightlatch keys rotate --promote", fingerprint)
	}
	return fmt.Errorf("a new key of fingerprint %s was added on another node and is not in this key file: copy that node's file here. If it is lost, run nightlatch keys rotate --anew: nothing was sealed with it", fingerprint)
}

// promoteKey is the second half: all processes have the new key, so it may seal.
func (p *program) promoteKey(ctx context.Context, out io.Writer) error {
	q, next := dbsqlc.New(), p.ring.Fingerprint()
	err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		state, err := q.KeyStateLock(ctx, tx)
		switch {
		case err != nil:
			return fmt.Errorf("read which key seals: %w", err)
		case state.KeyNext != "" && state.KeyNext != next:
			return keyWaits(state.KeyNext, p.ring.Has(state.KeyNext))
		case state.KeyFingerprint == next:
			return errors.New("the newest key seals already. To add another, run nightlatch keys rotate")
		}
		holders, err := q.KeyHolderList(ctx, tx)
		if err != nil {
			return fmt.Errorf("ask which processes have the key: %w", err)
		}
		var without []string
		for _, h := range holders {
			if !slices.Contains(h.Fingerprints, next) {
				without = append(without, h.Host)
			}
		}
		if len(without) > 0 {
			return fmt.Errorf("the key of fingerprint %s has not reached every node, which could not open what it seals. Copy the key file to: %s", next, strings.Join(without, "; "))
		}
		if err := q.KeyPromote(ctx, tx, next); err != nil {
			return fmt.Errorf("let the new key seal: %w", err)
		}
		if err := p.outbox.Reseal(ctx, tx); err != nil {
			return err
		}
		return p.log.Write(ctx, tx, audit.Event{Actor: audit.CommandLine, Action: audit.KeyPromoted, Detail: next})
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, `The key of fingerprint %s seals from now on. A job seals anew what an older one sealed.
Leave the older lines in the file until nightlatch keys status says that nothing needs them.
`, next)
	return nil
}

// keyUse is what one key is needed for.
type keyUse struct {
	fingerprint           string // "" when no key of the file has this id
	id                    []byte
	lasting, brief, codes int64 // sealed and to be sealed anew; gone within minutes; MACs, which stay
}

// needed reports whether something would be lost without the key.
func (u keyUse) needed() bool { return u.lasting+u.brief+u.codes > 0 }

// keyUses answers what each key is needed for, by fingerprint; those of no key of the ring apart, and how many recovery
// codes an earlier release made, without a note of their key.
func keyUses(ctx context.Context, tx dbsqlc.DBTX, ring *keys.Ring) (known map[string]keyUse, strange []keyUse, unnoted int64, err error) {
	rows, err := dbsqlc.New().KeyUse(ctx, tx)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("count what each key is needed for: %w", err)
	}
	known = map[string]keyUse{}
	for _, r := range rows {
		use := keyUse{fingerprint: ring.Named(r.KeyID), id: r.KeyID, lasting: r.Lasting, brief: r.Brief, codes: r.Codes}
		switch {
		case len(r.KeyID) == 0:
			unnoted = r.Codes
		case use.fingerprint == "":
			strange = append(strange, use)
		default:
			known[use.fingerprint] = use
		}
	}
	return known, strange, unnoted, nil
}

// keyStatus prints the keys of the file, newest first, and who has them.
func (p *program) keyStatus(ctx context.Context, out io.Writer) error {
	known, strange, unnoted, err := keyUses(ctx, p.pool, p.ring)
	if err != nil {
		return err
	}
	q := dbsqlc.New()
	state, err := q.KeyState(ctx, p.pool)
	if err != nil {
		return fmt.Errorf("read which key seals: %w", err)
	}
	holders, err := q.KeyHolderList(ctx, p.pool)
	if err != nil {
		return fmt.Errorf("ask which processes have the keys: %w", err)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KEY\tSTATE\tAPPS\tFOR MINUTES\tRECOVERY CODES\tPROCESSES WITH IT")
	before := true // newer than the one that seals
	for _, name := range p.ring.Fingerprints() {
		use, has := known[name], 0
		for _, h := range holders {
			if slices.Contains(h.Fingerprints, name) {
				has++
			}
		}
		word := "not needed: its line may go"
		switch {
		case name == state.KeyFingerprint:
			word, before = "seals", false
		case before:
			word = "waits for --promote"
		case use.needed() || unnoted > 0:
			word = "needed"
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d of %d\n", name, word, use.lasting, use.brief, use.codes, has, len(holders))
	}
	for _, use := range strange {
		fmt.Fprintf(table, "id %x\tNOT IN THE FILE: put it back\t%d\t%d\t%d\t\n", use.id, use.lasting, use.brief, use.codes)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if unnoted > 0 {
		fmt.Fprintf(out, "%d recovery codes were made by an earlier release, which did not note their key: keep every older line while there are any.\n", unnoted)
	}
	for _, h := range holders {
		if !slices.Contains(h.Fingerprints, p.ring.Fingerprint()) {
			fmt.Fprintf(out, "Without the newest key: %s\n", h.Host)
		}
	}
	return nil
}
