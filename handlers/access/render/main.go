// Render writes docs/access.md from the table of access: see package access.
package main

import (
	"fmt"
	"os"

	"github.com/nightlatch/nightlatch/handlers/access"
)

func main() {
	rows, err := access.Table()
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(access.Markdown(rows)), 0o644) // #nosec G306 G703 -- a page of the docs
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}
