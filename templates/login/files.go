// Package login has the pages of the log-in: a page's .html and its .go of view structs side by side.
package login

import "embed"

//go:embed *.html
var files embed.FS
