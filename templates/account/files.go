// Package account has the pages of a user's own settings: a page's .html and its .go of view structs side by side.
package account

import "embed"

//go:embed *.html
var files embed.FS
