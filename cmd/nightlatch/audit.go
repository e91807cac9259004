package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// auditCommand is the group of commands about the history.
type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Say whether anything in the history was changed, left out or added."`
}

// errHistory is the end of a verification that found something: exit status 1.
var errHistory = errors.New("the history is not as it was written")

type auditVerify struct {
	Office string `help:"The history of this office alone." placeholder:"CODE"`
	JSON   bool   `name:"json" help:"Answer in JSON."`
}

// Run follows the chains, and prints what is wrong with them.
func (c *auditVerify) Run(ctx context.Context, a *app, std stdio) error {
	report, err := audit.Verify(ctx, a.pool, a.ring, account.CanonicalOfficeCode(c.Office))
	switch {
	case err != nil:
		return err
	case c.Office != "" && len(report.Histories) == 0:
		return fmt.Errorf("there is no history of an office %s", account.CanonicalOfficeCode(c.Office))
	}
	return c.print(std, report)
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
