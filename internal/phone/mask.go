package phone

import "regexp"

var whole = regexp.MustCompile(`\+[0-9]{7,15}`)

// Mask returns a text with whole numbers in E.164 made unreadable: they must not reach a log or a terminal, whoever
// wrote the text.
func Mask(text string) string { return whole.ReplaceAllString(text, "[number]") }
