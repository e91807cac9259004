package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/door"
)

// The controls are processes of their own, so that what they use can be told from what the load uses: this program
// again, with controlFlag and which of them.
const controlFlag = "-control"

// control runs a control until it is ended.
func control(args []string) error {
	if args[0] == "echo" {
		return hello(args[1])
	}
	return fmt.Errorf("there is no control %q", args[0])
}

// assertionSize is what the assertion of a check takes, in bytes.
const assertionSize = 740

// hello is the bare Echo to which everything is compared. At the check's address it answers with as many headers as the
// check, and knows nobody: what is left between the two is the check.
func hello(addr string) error {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.GET("/", func(c echo.Context) error { return c.String(http.StatusOK, "Hello, World!") })
	told := map[string][]string{"X-Nightlatch-Assertion": {strings.Repeat("a", assertionSize)}}
	for _, name := range door.HeaderNames()[:len(door.HeaderNames())-1] {
		told[name] = []string{"somebody"}
	}
	e.GET(paths.DoorAuthRequest, func(c echo.Context) error {
		maps.Copy(c.Response().Header(), told)
		return c.NoContent(http.StatusOK)
	})
	return e.Start(addr)
}

// startControl starts a control as a process.
func (b *bench) startControl(name string, args ...string) *process {
	self, err := os.Executable()
	if err != nil {
		b.t.Fatal(err)
	}
	return b.start(name, nil, self, append([]string{controlFlag, name}, args...)...)
}
