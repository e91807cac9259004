package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/labstack/echo/v4"
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

// hello is the bare Echo to which everything is compared.
func hello(addr string) error {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.GET("/", func(c echo.Context) error { return c.String(http.StatusOK, "Hello, World!") })
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
