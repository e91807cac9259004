package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// widest is the longest line, in characters; lll holds Go to the same.
const widest = 120

// wideLines finds lines of more than 120 columns. Go is left to lll, and prose has one line a paragraph.
func wideLines(files []file) []string {
	var found []string
	for _, f := range files {
		if f.isForeign() || !f.is(".sql", ".html", ".css", ".js", ".mjs", ".sh") {
			continue
		}
		for n, line := range strings.Split(f.text, "\n") {
			if wide := utf8.RuneCountInString(line); wide > widest {
				found = append(found, fmt.Sprintf("%s:%d: %d columns, %d at most", f.path, n+1, wide, widest))
			}
		}
	}
	return found
}
