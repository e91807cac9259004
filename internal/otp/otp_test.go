package otp_test

import (
	"encoding/base32"
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

func TestACodeIsReadAsPeopleTypeIt(t *testing.T) {
	for typed, want := range map[string]string{"123456": "123456", "123 456": "123456", "123-456": "123456",
		" 1 2 3 4 5 6 ": "123456"} {
		if got, ok := otp.Clean(typed); !ok || got != want {
			t.Errorf("Clean(%q) = %q, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"", "12345", "1234567", "123456\n", "\t123456", "+123456", "123456.0", "１２３４５６",
		"12345a", "null", "123\u00a0456", strings.Repeat("1", 9999)} {
		if got, ok := otp.Clean(typed); ok {
			t.Errorf("Clean(%q) = %q", typed, got)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("123 456")
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := otp.Clean(typed)
		if ok && (len(code) != otp.Digits || strings.Trim(code, "0123456789") != "") {
			t.Errorf("Clean(%q) = %q", typed, code)
		}
	})
}

func TestTheAddressNamesTheIssuerTwice(t *testing.T) {
	uri := otp.Secret("ABC").URI("Night Latch & Co", "j doe")
	if !strings.HasPrefix(uri, "otpauth://totp/Night%20Latch%20&%20Co:j%20doe?") ||
		!strings.Contains(uri, "issuer=Night%20Latch%20%26%20Co") || strings.Contains(uri, "+") {
		t.Error(uri)
	}
}
