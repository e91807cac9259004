package otp_test

import (
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"

	"github.com/nightlatch/nightlatch/internal/otp"
)

// TestATerminalShowsEveryModule reads the characters back into modules.
func TestATerminalShowsEveryModule(t *testing.T) {
	t.Parallel()
	text := "otpauth://totp/Nightlatch:ops?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=Nightlatch"
	drawn, err := otp.TerminalQR(text)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.L, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	const quiet = 4
	n := code.Bounds().Dx()
	lines := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
	if len(lines) != (n+2*quiet+1)/2 {
		t.Fatalf("%d lines for %d modules", len(lines), n)
	}
	for row, line := range lines {
		if !strings.HasPrefix(line, "\x1b[30;107m") || !strings.HasSuffix(line, "\x1b[0m") {
			t.Fatalf("line %d takes the terminal's own colours: %q", row, line)
		}
		cells := []rune(strings.TrimSuffix(strings.TrimPrefix(line, "\x1b[30;107m"), "\x1b[0m"))
		if len(cells) != n+2*quiet {
			t.Fatalf("line %d has %d characters", row, len(cells))
		}
		for x, cell := range cells {
			for half, drawn := range []bool{cell == '█' || cell == '▀', cell == '█' || cell == '▄'} {
				y, want := 2*row+half-quiet, false
				if at := x - quiet; at >= 0 && at < n && y >= 0 && y < n {
					r, _, _, _ := code.At(at, y).RGBA()
					want = r == 0
				}
				if drawn != want {
					t.Fatalf("the module %d, %d is %t", x, y, drawn)
				}
			}
		}
	}
}
