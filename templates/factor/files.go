// Package factor has the pages of second factors, at the log-in and in settings: a page's .html and its .go of view
// structs side by side.
package factor

import "embed"

//go:embed *.html
var files embed.FS
