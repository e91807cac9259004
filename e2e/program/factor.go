package program

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/otp/otptest"
)

// SecretOn is the key that a setup page shows.
func SecretOn(t testing.TB, p *Page) otp.Secret {
	t.Helper()
	shown := strings.Join(strings.Fields(p.Find("[data-secret]").Text()), "")
	if len(shown) != 32 {
		t.Fatalf("the setup page shows the key %q:\n%s", shown, p.Text())
	}
	return otp.Secret(shown)
}

// AppCode is what an app shows for a secret, so many steps from now.
func AppCode(t testing.TB, secret otp.Secret, steps int64) string {
	t.Helper()
	return otptest.Code(t, secret, otp.Step(time.Now())+steps)
}

// RecoveryOn are the codes on a sheet.
func RecoveryOn(p *Page) []string {
	return p.Find("[data-recovery-code]").Map(func(_ int, s *goquery.Selection) string {
		return strings.TrimSpace(s.Text())
	})
}

// NewOperator makes an operator on the command line and reads the key that was printed.
func NewOperator(t testing.TB, env map[string]string, username string) otp.Secret {
	t.Helper()
	var key, address string
	for line := range strings.Lines(Succeeds(t, env, Password+"\n", "operator", "create", "--username", username,
		"--password-stdin")) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "otpauth://"):
			address = line
		case len(line) == 39 && strings.Count(line, " ") == 7:
			key = strings.ReplaceAll(line, " ", "")
		}
	}
	u, err := url.Parse(address)
	if err != nil || len(key) != 32 || u.Query().Get("secret") != key || u.Query().Get("issuer") != "Nightlatch" ||
		u.Path != "/Nightlatch:"+username+" (operator)" {
		t.Fatalf("the key is %q and the address %q (%v)", key, address, err)
	}
	return otp.Secret(key)
}
