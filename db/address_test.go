package db

import (
	"context"
	"strings"
	"testing"
)

// marks are what a password may hold and an address may not.
const marks = "@:/?#%[]'\" &=\\"

func TestNoErrorShowsAPieceOfThePassword(t *testing.T) {
	t.Parallel()
	for _, mark := range marks {
		for _, password := range []string{"gehe1m" + string(mark) + "geh31m", "1" + string(mark) + "geh31m",
			string(mark) + "geh31m", "gehe1m" + string(mark), "gehe1m" + string(mark) + "zz" + string(mark) + "geh31m"} {
			for _, address := range []string{"postgres://nl:" + password + "@127.0.0.1:1/nl",
				"postgresql://nl:" + password + "@127.0.0.1:1/nl?sslmode=disable&connect_timeout=1",
				"host=127.0.0.1 port=1 user=nl password='" + password + "' sslmode=disable",
				"host=127.0.0.1 port=1 user=nl sslmode=disable password=" + password} {
				for name, open := range map[string]func(string) error{
					"connect": func(a string) error { _, err := Connect(context.Background(), a, 1); return err },
					"migrate": func(a string) error { return Migrate(context.Background(), a) },
				} {
					err := open(address)
					if err == nil {
						t.Fatal("somebody listens")
					}
					for _, piece := range []string{"gehe1m", "geh31m"} {
						if strings.Contains(err.Error(), piece) {
							t.Errorf("%s of a password with %q: %v", name, mark, err)
						}
					}
					if strings.HasPrefix(address, "postgres://") && mark == '@' && strings.Count(password, "@") == 1 &&
						!strings.Contains(err.Error(), "%40") {
						t.Errorf("%s does not say how to write @: %v", name, err)
					}
				}
			}
		}
	}
	for _, address := range []string{"postgres://nl:p%40ss@127.0.0.1:1/nl", "postgres:///nl?host=/tmp&user=a%40b",
		"postgres://nl@a,b:5433/nl?target_session_attrs=read-write", "host=/tmp dbname=nl", ""} {
		if _, err := parseAddress(address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}
