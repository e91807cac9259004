package otp

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// QR is a QR code as an SVG path: one unit a module, quiet zone included.
type QR struct {
	Size int    // width and height in units
	Path string // the d attribute: a dark run of modules is a filled strip one unit high
}

// quietZone is the light border that a reader needs (ISO/IEC 18004: four modules).
const quietZone = 4

// NewQR draws text with error correction M, which survives 15 % of damage.
func NewQR(text string) (QR, error) {
	n, dark, err := modules(text, qr.M)
	if err != nil {
		return QR{}, err
	}
	var path strings.Builder
	for y := range n {
		for x := 0; x < n; x++ {
			from := x
			for x < n && dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quietZone, y+quietZone, x-from, x-from)
			}
		}
	}
	return QR{Size: n + 2*quietZone, Path: path.String()}, nil
}

// TerminalQR draws text for a terminal, two modules above each other a character, black on white whatever the
// terminal's own colours are. A screen is not damaged: error correction L keeps it small.
func TerminalQR(text string) (string, error) {
	n, dark, err := modules(text, qr.L)
	if err != nil {
		return "", err
	}
	inside := func(x, y int) bool { return x >= 0 && y >= 0 && x < n && y < n && dark(x, y) }
	var drawn strings.Builder
	for y := -quietZone; y < n+quietZone; y += 2 {
		drawn.WriteString("\x1b[30;107m")
		for x := -quietZone; x < n+quietZone; x++ {
			switch above, below := inside(x, y), inside(x, y+1); {
			case above && below:
				drawn.WriteString("█")
			case above:
				drawn.WriteString("▀")
			case below:
				drawn.WriteString("▄")
			default:
				drawn.WriteString(" ")
			}
		}
		drawn.WriteString("\x1b[0m\n")
	}
	return drawn.String(), nil
}

// modules returns how many modules a side has, and which of them are dark.
func modules(text string, level qr.ErrorCorrectionLevel) (n int, dark func(x, y int) bool, _ error) {
	code, err := qr.Encode(text, level, qr.Auto)
	if err != nil {
		return 0, nil, fmt.Errorf("draw a QR code: %w", err)
	}
	return code.Bounds().Dx(), func(x, y int) bool {
		r, _, _, _ := code.At(x, y).RGBA()
		return r == 0
	}, nil
}
