package main

import (
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/otp/otptest"
)

// secretOn is the key that a setup page shows.
func secretOn(t testing.TB, p *page) otp.Secret {
	t.Helper()
	shown := strings.Join(strings.Fields(p.Find("[data-secret]").Text()), "")
	if len(shown) != 32 {
		t.Fatalf("the setup page shows the key %q:\n%s", shown, p.text())
	}
	return otp.Secret(shown)
}

// appCode is what an app shows for a secret, so many steps from now.
func appCode(t testing.TB, secret otp.Secret, steps int64) string {
	t.Helper()
	return otptest.Code(t, secret, otp.Step(time.Now())+steps)
}

// recoveryOn are the codes on a sheet.
func recoveryOn(p *page) []string {
	return p.Find("[data-recovery-code]").Map(func(_ int, s *goquery.Selection) string { return strings.TrimSpace(s.Text()) })
}
