// Nightlatch is a sign-in portal for offices that makes two-factor authentication mandatory with one switch.
//
// main calls run, which a test can call as well: it builds everything and is the only place that reads the
// environment. Start at run.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	env := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	err := run(ctx, os.Args[1:], env, stdio{os.Stdin, os.Stdout, os.Stderr})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "nightlatch: "+err.Error())
		os.Exit(1)
	}
}

// stdio is where a command reads and writes.
type stdio struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// commands is the command line, as docs and --help show it.
type commands struct {
	Serve struct {
		Only string `enum:"web,work," default:"" help:"Serve the web alone, or work the jobs alone." placeholder:"web|work"`
	} `cmd:"" help:"Serve the web and work the jobs."`
	Migrate struct{} `cmd:"" help:"Bring the database to this program's schema."`
	Demo    struct{} `cmd:"" help:"Make the demo office. Again and again does no harm."`
	Office  struct {
		Create struct {
			Code string `required:"" help:"Office code: 1 to 32 letters, digits or hyphens."`
			Name string `required:"" help:"The office's name."`
		} `cmd:"" help:"Add an office."`
		List      struct{} `cmd:"" help:"List the offices: code, name, on or off."`
		TwoFactor struct {
			Code  string `required:"" help:"Office code."`
			State string `arg:"" enum:"off" help:"off: the audited way back in when a whole office is locked out."`
		} `cmd:"" help:"Switch an office's two-factor authentication off."`
	} `cmd:"" help:"Offices."`
	User struct {
		Create struct {
			Office        string `required:"" help:"Office code."`
			Username      string `required:"" help:"Username; it cannot be changed."`
			Name          string `required:"" help:"The user's name."`
			Role          string `default:"user" help:"user, accountant or superuser."`
			Email         string `help:"E-mail address."`
			PasswordStdin bool   `required:"" xor:"password" help:"Read the password from standard input."`
			Invite        bool   `required:"" xor:"password" help:"Mail the user a link to set the password, for 30 minutes."`
		} `cmd:"" help:"Add a user."`
		ResetTwoFactor struct {
			Office   string `required:"" help:"Office code."`
			Username string `required:"" help:"Username."`
		} `cmd:"" help:"Take a user's second factors away: they choose anew at the next log-in."`
	} `cmd:"" help:"Users."`
	Keys struct {
		Rotate struct {
			Promote bool `help:"Seal with the new key from now on. Refused while a serving process has not got it."`
			Anew    bool `help:"Add another new key in place of one that was lost before it was promoted."`
		} `cmd:"" help:"Add a new master key to the key file; with --promote, seal with it."`
		Status struct{} `cmd:"" help:"Show the keys: which seals, what each is still needed for, who has it."`
	} `cmd:"" help:"The master keys, see docs/operating.md."`
	Doctor   struct{}         `cmd:"" help:"Say what is wrong with this installation, and what to do. Changes and sends nothing."`
	Operator operatorCommands `cmd:"" help:"Operators, who run the installation."`
}

// errHelp ends a run that only printed its help.
var errHelp = errors.New("help was shown")

// run runs one command until it is done or ctx ends. Its error is a sentence for whoever typed the command.
func run(ctx context.Context, args []string, env map[string]string, std stdio) (err error) {
	var cli commands
	// kong ends the program after --help by calling Exit: here that is a panic, caught below.
	defer func() {
		if r := recover(); r != nil {
			if r != any(errHelp) { //nolint:errorlint // what was panicked with, not a chain
				panic(r)
			}
			err = nil
		}
	}()
	parser, err := kong.New(&cli, kong.Name("nightlatch"), kong.Writers(std.out, std.err),
		kong.Description("A sign-in portal for offices, with a second lock on the door. Settings are environment variables: see the README."),
		kong.Exit(func(int) { panic(errHelp) }))
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil && strings.HasPrefix(err.Error(), "--password-stdin: ") {
		return errors.New("--password-stdin takes no value: the password comes on standard input")
	}
	if err != nil {
		return fmt.Errorf("%w; see nightlatch --help", err)
	}
	cfg, err := readConfig(env)
	if command.Command() == "doctor" {
		return examine(ctx, cfg, err, env, std.out)
	}
	if err != nil {
		return err
	}
	if command.Command() == "serve" {
		return serve(ctx, cfg, cli.Serve.Only, std.out, newLogger(std.err, slog.LevelInfo))
	}
	logger := newLogger(std.err, slog.LevelWarn) // what a short command did, it says itself
	switch command.Command() {
	case "migrate":
		return migrate(ctx, cfg, std.out)
	case "demo":
		return demo(ctx, cfg, std.out, logger)
	case "keys rotate", "keys status":
		return manageKeys(ctx, cfg, command.Command(), cli, std.out, logger)
	}
	return administer(ctx, cfg, command.Command(), cli, std, logger)
}
