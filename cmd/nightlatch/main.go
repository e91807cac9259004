// Nightlatch is a sign-in portal for offices that makes two-factor authentication mandatory with one switch.
//
// main calls run, which a test can call as well. Each command is a struct with a Run method, in a file of its own;
// app.go builds every service once. main alone reads the environment and exits. Start at run.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/nightlatch/nightlatch/internal/sms"
	"github.com/nightlatch/nightlatch/internal/typed"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	env := variables{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	err := run(ctx, sms.Providers(), os.Args[1:], env, stdio{os.Stdin, os.Stdout, os.Stderr})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "nightlatch: "+err.Error())
		os.Exit(1)
	}
}

// variables is the environment.
type variables map[string]string

// stdio is where a command reads and writes.
type stdio struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// commands is the command line, as docs and --help show it.
type commands struct {
	Serve    serveCommand    `cmd:"" help:"Serve the web and work the jobs."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database to this program's schema."`
	Demo     demoCommand     `cmd:"" help:"Make the demo office. Again and again does no harm."`
	Office   officeCommand   `cmd:"" help:"Offices."`
	User     userCommand     `cmd:"" help:"Users."`
	Keys     keysCommand     `cmd:"" help:"The master keys, see docs/operating.md."`
	Audit    auditCommand    `cmd:"" help:"The history."`
	Doctor   doctorCommand   `cmd:"" help:"Say what is wrong with this installation, or with the proxy of an application, and what to do. Changes and sends nothing."` //nolint:lll // a sentence of --help
	App      appCommand      `cmd:"" help:"Applications behind the door."`
	Operator operatorCommand `cmd:"" help:"Operators, who run the installation."`
}

// run runs one command until it is done or ctx ends. Its error is a sentence for whoever typed the command.
//
// A command's Run method takes what it needs: the context, stdio, the config, and the app, which is opened when a
// command asks for it and closed after it.
func run(ctx context.Context, registry []sms.Provider, args []string, env variables, std stdio) error {
	helpShown := false
	var opened *app
	parser, err := kong.New(&commands{}, kong.Name("nightlatch"), kong.Writers(std.out, std.err),
		kong.Description("A sign-in portal for offices, with a second lock on the door. "+
			"Settings are environment variables: see the README."),
		kong.Exit(func(int) { helpShown = true }), // kong would end the program after --help
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(registry, env, std),
		kong.BindToProvider(func() (config, error) { return readConfig(registry, env) }),
		kong.BindToProvider(func() (a *app, err error) {
			cfg, err := readConfig(registry, env)
			if err != nil {
				return nil, err
			}
			opened, err = open(ctx, cfg, newLogger(std.err, slog.LevelWarn)) // what a short command did, it says itself
			return opened, err
		}))
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(typed.Arguments(args))
	switch {
	case helpShown:
		return nil
	case err != nil && strings.HasPrefix(err.Error(), "--password-stdin: "):
		return errors.New("--password-stdin takes no value: the password comes on standard input")
	case err != nil:
		return fmt.Errorf("%w; see nightlatch --help", err)
	}
	defer func() {
		if opened != nil {
			opened.close()
		}
	}()
	return command.Run()
}
