package otp_test

import (
	"encoding/base32"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/otp/otptest"
)

// The SHA-1 vectors of RFC 6238, appendix B, cut to six digits.
func TestTheCodesAreThoseOfTheRFC(t *testing.T) {
	secret := otp.Secret(base32.StdEncoding.EncodeToString([]byte("12345678901234567890")))
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471",
		1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := otptest.Code(t, secret, otp.Step(time.Unix(at, 0))); got != want {
			t.Errorf("at %d the code is %s, want %s", at, got, want)
		}
		if step, ok, err := otp.Match(secret, want, time.Unix(at, 0)); err != nil || !ok ||
			step != otp.Step(time.Unix(at, 0)) {
			t.Errorf("at %d the code %s is that of step %d, %t (%v)", at, want, step, ok, err)
		}
	}
}

func TestACodeMatchesOneStepAroundNow(t *testing.T) {
	secret, now := otp.NewSecret(), time.Unix(1_800_000_000, 0)
	for offset := int64(-3); offset <= 3; offset++ {
		code := otptest.Code(t, secret, otp.Step(now)+offset)
		step, ok, err := otp.Match(secret, code, now)
		if want := offset >= -1 && offset <= 1; err != nil || ok != want || ok && step != otp.Step(now)+offset {
			t.Errorf("the code of step %+d: %v at step %+d (%v)", offset, ok, step-otp.Step(now), err)
		}
	}
}

// Between issuer and account is one colon, and nothing in either that an app takes for a part of the address.
func TestALabelHasTwoParts(t *testing.T) {
	for _, name := range []string{"Acme: Portal", "a/b?c#d%e", `"x"\y`, "::", "Zoë & Co"} {
		u, err := url.Parse(otp.Secret("ABC").URI(name, name+":jdoe (ACME)"))
		if err != nil {
			t.Fatal(err)
		}
		issuer, account, ok := strings.Cut(strings.TrimPrefix(u.Path, "/"), ":")
		if !ok || strings.ContainsAny(issuer+account, `:/?#%\"`) || issuer != u.Query().Get("issuer") ||
			!strings.HasSuffix(account, "jdoe (ACME)") {
			t.Errorf("%q makes %s", name, u)
		}
	}
}

func TestACodeOfAnotherMomentIsNoticed(t *testing.T) {
	secret, now := otp.NewSecret(), time.Unix(1_800_000_000, 0)
	for off := int64(-22); off <= 22; off++ {
		steps, ok, err := otp.Drift(secret, otptest.Code(t, secret, otp.Step(now)+off), now)
		want := off >= -20 && off <= 20 && (off < -1 || off > 1)
		if err != nil || ok != want || ok && steps != off {
			t.Errorf("%+d steps: %+d, %v, %v", off, steps, ok, err)
		}
	}
}

func TestTheAddressNamesTheIssuerTwice(t *testing.T) {
	uri := otp.Secret("ABC").URI("Night Latch & Co", "j doe")
	if !strings.HasPrefix(uri, "otpauth://totp/Night%20Latch%20&%20Co:j%20doe?") ||
		!strings.Contains(uri, "issuer=Night%20Latch%20%26%20Co") || strings.Contains(uri, "+") {
		t.Error(uri)
	}
}
