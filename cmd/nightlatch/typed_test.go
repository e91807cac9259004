package main

import (
	"reflect"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/nightlatch/nightlatch/internal/typed"
	"github.com/nightlatch/nightlatch/internal/typed/typedtest"
)

// Every value of every command is read as it is seen: the flags are found in the commands themselves.
func TestEveryArgumentIsReadAsPeopleSeeIt(t *testing.T) {
	t.Parallel()
	const plain = "jan-o'brien 12"
	parse := func(args []string) *commands {
		c := &commands{}
		parser, err := kong.New(c, kong.Exit(func(int) { t.Fatal("a command of the test ends the program") }))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(typed.Arguments(args)); err != nil {
			t.Errorf("%q: %v", args, err)
		}
		return c
	}
	parser, err := kong.New(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, leaf := range parser.Model.Leaves(true) {
		path := []string{}
		for n := leaf; n != parser.Model.Node; n = n.Parent {
			path = append([]string{n.Name}, path...)
		}
		filled := func(dashes, value string) []string {
			args, xor := append([]string{}, path...), map[string]bool{}
			for _, f := range leaf.Flags {
				if len(f.Xor) > 0 && xor[f.Xor[0]] {
					continue
				}
				for _, group := range f.Xor {
					xor[group] = true
				}
				switch {
				case f.IsBool():
					args = append(args, dashes+f.Name)
				case f.Enum == "":
					asked++
					args = append(args, dashes+f.Name, value)
				}
			}
			for _, p := range leaf.Positional {
				if p.Enum != "" {
					args = append(args, typedtest.Decorated(p.Enum)[5])
				} else {
					args = append(args, value)
				}
			}
			return args
		}
		want := parse(filled("--", plain))
		for _, decorated := range typedtest.Decorated(plain) {
			for _, dashes := range []string{"--", "\u2014", "\u2010\u2010"} {
				if got := parse(filled(dashes, decorated)); !reflect.DeepEqual(got, want) {
					t.Errorf("%q with %q is %+v", path, decorated, got)
				}
			}
		}
	}
	if asked == 0 {
		t.Error("no command takes a value")
	}
}

// Browsers, providers and carriers compare the origin letter by letter with their own form of it.
func TestTheOriginIsThatOfBrowsers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://kantoor-m\u00fcller.example": "https://xn--kantoor-mller-4ob.example",
		"HTTPS://Login.Acme.Example/":         "https://login.acme.example", "https://a.example:443": "https://a.example",
		"https://a.example:8443": "https://a.example:8443", "http://localhost:80": "http://localhost",
		"http://LOCALHOST:8080": "http://localhost:8080", "http://[::1]:8080": "http://[::1]:8080",
		"https://[2001:DB8::1]": "https://[2001:db8::1]", "https://a.example.": "https://a.example",
		"https://a_b.example": "", "https://-.example": "", "https://a b.example": "",
	} {
		u, err := readURL(text)
		switch {
		case err != nil && want != "":
			t.Errorf("%s: %v", text, err)
		case err == nil && u.String() != want:
			t.Errorf("%s is %s and should be %q", text, u, want)
		}
	}
}
