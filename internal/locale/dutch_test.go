package locale_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDutchHasOneWordPerIdea keeps out words of the Dutch catalogue that readers found odd, or that meant the same as
// another: the word on the right is the one in use.
func TestDutchHasOneWordPerIdea(t *testing.T) {
	text, err := os.ReadFile("nl.json")
	if err != nil {
		t.Fatal(err)
	}
	retired := []struct{ word, instead string }{
		{`[Mm]anier\b`, "methode"},
		{`"Voer |[.,;:] [Vv]oer `, "vul … in"},
		{`Verifiëren`, "controleren"},
		{`[Aa]anbieder`, "provider"},
		{`Zekering|Toestand`, "status"},
		{`[Gg]eldgrens|de munt `, "bestedingslimiet, valuta"},
		{`rekenblad`, "spreadsheet"},
		{`[Aa]anmeld`, "inloggen, single sign-on"},
		{`\b[Ii]nlogs?\b`, "inlogpoging"},
		{`[Hh]oogstens`, "maximaal"},
		{`[Vv]ers bewijs`, "bevestig opnieuw"},
		{`\bfoute?\b (code|factor|poging|regel)|de goede (code|is)`, "onjuist, juist"},
		{`van kracht`, "actief"},
		{`\b[Jj](e|ij|ouw)\b`, "u, uw"},
		{`Vanaf de volgende klik|Sla op om`, "zodra u dit activeert, klik op Opslaan"},
		{`Niemand van uw kantoor zal`, "geef deze code aan niemand"},
	}
	for _, line := range strings.Split(string(text), "\n") {
		for _, r := range retired {
			if regexp.MustCompile(r.word).MatchString(line) {
				t.Errorf("%s\n\tsays %s, where elsewhere it is: %s", strings.TrimSpace(line), r.word, r.instead)
			}
		}
	}
}
