package application

import (
	"bytes"
	"errors"
	"image/png"
)

// maxPicture is 32 kB, and what the table takes.
const maxPicture = 32 << 10

// ErrPicture says that a file is no PNG, too large or too big to draw.
var ErrPicture = errors.New("a picture is a PNG of at most 32 kB and 512 by 512 points")

// PNG is a picture that was drawn anew from what was uploaded: whatever else the file held is gone.
type PNG struct{ bytes []byte }

// ReadPNG reads an uploaded picture.
func ReadPNG(file []byte) (PNG, error) {
	if len(file) > maxPicture {
		return PNG{}, ErrPicture
	}
	size, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil || size.Width > 512 || size.Height > 512 {
		return PNG{}, ErrPicture
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return PNG{}, ErrPicture
	}
	var clean bytes.Buffer
	if err := png.Encode(&clean, picture); err != nil || clean.Len() > maxPicture {
		return PNG{}, ErrPicture
	}
	return PNG{clean.Bytes()}, nil
}
