package program

import (
	"strings"
	"testing"
	"time"
)

// Enters submits a code on the code page.
func (b *Browser) Enters(code string) *Page {
	b.T.Helper()
	return b.Get("/login/code").Press("Verify", "code", code)
}

// Soon submits the code, again while the answer is 503, until it leads in.
func (b *Browser) Soon(within time.Duration, code string) {
	b.T.Helper()
	Eventually(b.T, within, "the code leads in", func() bool {
		p, err := b.Try("POST", "/login/code", map[string][]string{"code": {code}})
		return err == nil && p.Status == 200 && p.URL.Path == "/settings/me"
	})
}

// LogInAgain goes to the start and to the second step again, as people do.
func (b *Browser) LogInAgain(t testing.TB) {
	t.Helper()
	b.Get("/").On("/login/code")
	b.Get("/login").On("/login/code")
	b.Get("/login/second-step").On("/login/code")
}

// What the live line says, by the product's English catalogue.
const (
	LineAccepted  = "Accepted by the provider"
	LineDelivered = "Delivered"
	LineBusy      = "The provider is busy, trying again"
	LineNoAnswer  = "The provider did not answer, trying once more"
	LineUncertain = "It is not certain that the message was sent"
	LineNotSent   = "Not sent"
	LineNumber    = "This number cannot get text messages."
	LineAccount   = "the provider refuses us"
	LineOurs      = "The provider does not accept this message."
)

// LineSays waits until the live line ends in these words and class.
func (b *Browser) LineSays(within time.Duration, words, class string) {
	b.T.Helper()
	Eventually(b.T, within, "the live line says "+words, func() bool {
		said, c, _ := b.Line()
		return strings.Contains(said, words) && c == class
	})
}
