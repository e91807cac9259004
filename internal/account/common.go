package account

import (
	_ "embed"
	"strings"
)

// commonPasswords are 49 233 passwords that many people chose, one a line, in lower case and sorted by bytes: see
// static/vendor/NOTICES.md. They are looked up in the text itself, which costs no memory beside the program's own.
//
//go:embed common_passwords.txt
var commonPasswords string

// isCommon reports whether a password in lower case is one of the list: some sixteen comparisons.
func isCommon(plain string) bool {
	if plain == "" || strings.ContainsAny(plain, "\n") {
		return false
	}
	low, high := 0, len(commonPasswords)
	for low < high {
		middle := low + (high-low)/2
		from := strings.LastIndexByte(commonPasswords[:middle], '\n') + 1
		to := from + strings.IndexByte(commonPasswords[from:], '\n')
		switch line := commonPasswords[from:to]; {
		case line == plain:
			return true
		case line < plain:
			low = to + 1
		default:
			high = from
		}
	}
	return false
}
