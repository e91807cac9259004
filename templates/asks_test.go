package templates

import (
	"bytes"
	"strings"
	"testing"
)

// A page that asks for no part of itself goes without htmx: the first one above all. One that does has it.
func TestAPageHasHtmxWhenItAsks(t *testing.T) {
	t.Parallel()
	with, without := 0, 0
	for _, r := range registry {
		if r.layout == "" {
			continue
		}
		source := &bytes.Buffer{}
		set := r.sets["en"]()
		if err := set.ExecuteTemplate(source, "head", Layout{Lang: "en", Product: "x"}); err != nil {
			t.Fatal(err)
		}
		has := strings.Contains(source.String(), "htmx.min")
		if has {
			with++
		} else {
			without++
		}
		if main := set.Lookup("main"); !has && strings.Contains(main.Tree.Root.String(), "hx-") {
			t.Errorf("%s asks, and has no htmx", r.file)
		}
		if r.file == "login.html" && has {
			t.Error("the first page has htmx")
		}
	}
	if with < 8 || without < 8 {
		t.Errorf("%d pages with htmx, %d without", with, without)
	}
}
