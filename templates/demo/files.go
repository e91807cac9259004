// Package demo has the pages of the demo phone and mailbox: a page's .html and its .go of view structs side by side.
package demo

import "embed"

//go:embed *.html
var files embed.FS
