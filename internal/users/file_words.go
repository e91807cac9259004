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
	imported = [...]string{"username", "name", "email", "role"} // the columns of an import, in an export's order
	ignored  = [...]string{"second_factor", "disabled"}         // what an export has beside, and no import takes
	roles    = [...]account.Role{account.RoleUser, account.RoleAccountant, account.RoleSuperuser}
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

// parseRole returns the role that a cell names in any language, and whether it names one.
func parseRole(cell string) (account.Role, bool) {
	words := make([]string, len(roles))
	for i, role := range roles {
		words[i] = string(role)
	}
	role, ok := vocabulary(words, strings.ToLower)[strings.ToLower(cell)]
	return account.Role(role), ok
}
