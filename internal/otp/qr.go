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
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return QR{}, fmt.Errorf("draw a QR code: %w", err)
	}
	n := code.Bounds().Dx()
	dark := func(x, y int) bool {
		r, _, _, _ := code.At(x, y).RGBA()
		return r == 0
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
