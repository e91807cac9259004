package users

import (
	"strings"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// What a file of users says is in the catalogue, as users_file.<word>: the heading or cell that an export writes,
// and after a | each other one that an import understands. An import understands those of every language, and the
// word itself.

var (
	// The columns of an import, in an export's order.
	imported = [...]string{"username", "name", "email", "role", "language"}
	// What an import takes beside. An export has no number: it lies about, and longer than a page.
	taken   = [...]string{"mobile", "invite"}
	ignored = [...]string{"second_factor", "disabled"} // what an export has beside, and no import takes
	roles   = [...]account.Role{account.RoleUser, account.RoleAccountant, account.RoleSuperuser}
)

// written returns a word as an export writes it.
func written(language, word string) string {
	first, _, _ := strings.Cut(locale.T(language, "users_file."+word), "|")
	return first
}

// vocabulary returns what is understood for each of these words, in the form that fold makes of it.
func vocabulary(words []string, fold func(string) string) map[string]string {
	known := map[string]string{}
	for _, word := range words {
		known[fold(word)] = word
		for _, language := range locale.Languages() {
			for text := range strings.SplitSeq(locale.T(language, "users_file."+word), "|") {
				known[fold(text)] = word
			}
		}
	}
	return known
}

// heading is a column's heading without what people write differently.
func heading(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-.", r) {
			return -1
		}
		return r
	}, strings.ToLower(typed.Line(s)))
}

// parseLanguage returns the language that a cell names, by its code or in its own words.
func parseLanguage(cell string) (string, bool) {
	for _, language := range locale.Languages() {
		for name := range strings.SplitSeq(language+"|"+locale.T(language, "users_file.language_names"), "|") {
			if strings.EqualFold(name, cell) {
				return language, true
			}
		}
	}
	return "", false
}

// parseYes returns what a cell says that asks yes or no, and whether it says that.
func parseYes(cell string) (yes, ok bool) {
	word, ok := vocabulary([]string{"yes", "no"}, strings.ToLower)[strings.ToLower(cell)]
	return word == "yes", ok
}

// parseRole returns the role that a cell names in any language, and whether it names one.
func parseRole(cell string) (account.Role, bool) {
	words := make([]string, len(roles))
	for i, role := range roles {
		words[i] = string(role)
	}
	role, ok := vocabulary(words, strings.ToLower)[strings.ToLower(cell)]
	return account.Role(role), ok
}
