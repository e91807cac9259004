// Command cluster makes a database cluster for the packages of one test run, in a new folder whose name it prints: see
// dbtest.Prepare.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/nightlatch/nightlatch/db/dbtest"
)

func main() {
	// Directly under the temp folder: root's server runs as another account, which must get in.
	dir, err := os.MkdirTemp("", "nightlatch-cluster-")
	if err == nil {
		err = dbtest.Prepare(context.Background(), dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
	fmt.Println(dir)
}
