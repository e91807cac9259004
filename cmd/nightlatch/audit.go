package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/evidence"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// auditCommand is the group of commands about the history.
type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Say whether anything in the history was changed, left out or added."`
}

// errHistory is the end of a verification that found something: exit status 1.
var errHistory = errors.New("the history is not as it was written")

type auditVerify struct {
	File   string `arg:"" optional:"" help:"Evidence that was downloaded (CSV): verified alone, without the database."`
	Office string `help:"The history of this office alone." placeholder:"CODE"`
	Key    string `help:"The public key that must have signed the file, as other evidence of the installation has it."`
	JSON   bool   `name:"json" help:"Answer in JSON."`
}

// Run follows the chains, and prints what is wrong with them.
func (c *auditVerify) Run(ctx context.Context, registry []sms.Provider, env variables, std stdio) error {
	if c.File != "" {
		return c.file(env, std)
	}
	cfg, err := readConfig(registry, env)
	if err != nil {
		return err
	}
	a, err := open(ctx, cfg, newLogger(std.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	defer a.close()
	report, err := audit.Verify(ctx, a.pool, a.ring, account.CanonicalOfficeCode(c.Office))
	switch {
	case err != nil:
		return err
	case c.Office != "" && len(report.Histories) == 0:
		return fmt.Errorf("there is no history of an office %s", account.CanonicalOfficeCode(c.Office))
	}
	return c.print(std, report)
}

// file verifies a file. Where this machine has the installation's key file, that says whose signature it is.
func (c *auditVerify) file(env variables, std stdio) error {
	file, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	v, err := evidence.Verify(file)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	key, known := hex.EncodeToString(v.Key), "Compare this key with that of other evidence, or name it with --key."
	ring, err := keys.Load(env["NIGHTLATCH_KEY_FILE"])
	switch {
	case c.Key != "" && !strings.EqualFold(c.Key, key), c.Key == "" && err == nil && !audit.Ours(ring, v.Key):
		v.Findings = append(v.Findings, audit.Finding{
			Wrong: audit.Unknown, Text: "Signed with another key than yours: " + key,
		})
	case c.Key != "" || err == nil:
		known = "This is the key you named."
		if c.Key == "" {
			known = "This is a key of NIGHTLATCH_KEY_FILE."
		}
	}
	if err := c.print(std, v.Report); err != nil || c.JSON {
		return err
	}
	_, err = fmt.Fprintf(std.out, "Signed on %s with the key %s. %s\n", v.At.UTC().Format(time.RFC3339), key, known)
	return err
}

// print answers with a report, and returns errHistory for one that found something.
func (c *auditVerify) print(std stdio, report audit.Report) error {
	if c.JSON {
		out := json.NewEncoder(std.out)
		out.SetIndent("", "  ")
		if err := out.Encode(report); err != nil {
			return err
		}
	} else if err := printReport(std, report); err != nil {
		return err
	}
	if len(report.Findings) > 0 {
		return errHistory
	}
	return nil
}

func printReport(std stdio, report audit.Report) error {
	office := func(code string) string {
		if code == "" {
			return "(installation)"
		}
		return code
	}
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "OFFICE\tEVENTS\tOF THESE OVER\tSIGNED\tON")
	for _, h := range report.Histories {
		on := "not yet"
		if h.SignedAt != nil {
			on = h.SignedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\n", office(h.Office), h.Events, h.Gone, h.Signed, on)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, f := range report.Findings {
		fmt.Fprintf(std.out, "%s: %s\n", office(f.Office), f.Text)
	}
	if len(report.Findings) == 0 {
		fmt.Fprintln(std.out, "Nothing was changed, left out or added.")
	}
	return nil
}
