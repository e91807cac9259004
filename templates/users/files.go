// Package users has the pages of an office's users: a page's .html and its .go of view structs side by side.
package users

import "embed"

//go:embed *.html
var files embed.FS
