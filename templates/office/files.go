// Package office has the pages of an office's settings: a page's .html and its .go of view structs side by side.
package office

import "embed"

//go:embed *.html
var files embed.FS
