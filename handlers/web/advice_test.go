package web

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// Whatever stops a code: the sentence offers the ways that its user has, and no other; who has none is told whom to
// ask.
func TestALimitOffersOnlyWaysThatTheUserHas(t *testing.T) {
	t.Parallel()
	limits := limitsOf(t)
	app, recovery := regexp.MustCompile(`(?i)authenticator`), regexp.MustCompile(`(?i)recovery code|herstelcode`)
	number := factor.Enrolled{Kind: factor.SMS, Label: "+31612345678", Country: "NL", Counts: true}
	for _, user := range []struct {
		name          string
		set           factor.Set
		app, recovery bool
	}{
		{"sms", factor.Set{number}, false, false},
		{"sms and app", factor.Set{number, {Kind: factor.App, Counts: true}}, true, false},
		{"sms and recovery codes", factor.Set{number, {Kind: factor.Recovery, Amount: 3}}, false, true},
		{"all", factor.Set{number, {Kind: factor.App, Counts: true}, {Kind: factor.Recovery, Amount: 1}}, true, true},
		{"nothing yet", nil, true, false}, // an app can be set up
	} {
		for word, limit := range limits {
			for _, proven := range []bool{true, false} {
				for _, helpers := range [][]string{nil, {"Marijke van der Veen", "Joost de Boer"}} {
					for _, lang := range []string{"en", "nl"} {
						l := *limit
						l.Proven = proven
						text := (&Web{Product: "Nightlatch"}).limitText(lang, &l, user.set, helpers)
						beside := !proven && user.set.HasFactor() // another number: what they have goes on working
						asks := strings.Contains(text, "Marijke") || strings.Contains(text, "Nightlatch")
						offersApp := app.MatchString(strings.Split(text, "(Marijke")[0])
						if offersApp != (user.app && !beside) || recovery.MatchString(text) != (user.recovery && !beside) ||
							asks != (!user.app && !user.recovery && !beside) || strings.HasPrefix(text, "limit.") {
							t.Errorf("%s, %s, proven %v, helped by %v: %s", user.name, word, proven, helpers, text)
						}
					}
				}
			}
		}
	}
}

// limitsOf are all limits that the catalogue has a sentence for, by their words.
func limitsOf(t *testing.T) map[string]*twofactor.Limited {
	t.Helper()
	file, err := os.ReadFile("../../internal/locale/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var catalogue map[string]any
	if err := json.Unmarshal(file, &catalogue); err != nil {
		t.Fatal(err)
	}
	limits := map[string]*twofactor.Limited{}
	for id := range catalogue {
		if word, is := strings.CutPrefix(id, "limit."); is {
			name, known := strings.CutSuffix(word, "_known")
			limits[word] = &twofactor.Limited{Limit: twofactor.Limit(name), Known: known}
		}
	}
	if len(limits) < 12 {
		t.Fatalf("only %d limits", len(limits))
	}
	return limits
}
