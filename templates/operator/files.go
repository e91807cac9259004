// Package operator has the pages of the operators' pages: a page's .html and its .go of view structs side by side.
package operator

import "embed"

//go:embed *.html
var files embed.FS
