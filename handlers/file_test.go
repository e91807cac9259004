package handlers

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A form that is answered with a file leaves its page as it is: it says so (data-file), or its script holds the next
// form back as one that is sent twice. Whoever adds an answer with a file adds its form here.
func TestAFormThatIsAnsweredWithAFileSaysSo(t *testing.T) {
	t.Parallel()
	sources := func(folder, pattern string) (all []string) {
		err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, pattern) || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			all = append(all, string(text))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	// Beside the forms, the sheet of recovery codes is a link; the history of an office and of operators have one form.
	const links = 1
	forms := []string{`{{path "UsersExport"}}`, `{{path "OfficeEvidence"}}`, `{{path "OfficeRolloutExport"}}`,
		`{{path "OperatorCosts"}}`, `{{.Export}}`}
	handlers := strings.Join(sources(".", ".go"), "")
	answers := len(regexp.MustCompile(`return (web\.)?Attach(CSV)?\(c, [^n]`).FindAllString(handlers, -1))
	named := strings.Count(handlers, "echo.HeaderContentDisposition")
	if named != 1 || strings.Contains(handlers, `"Content-Disposition"`) {
		t.Error("a file is attached in another way than by web.Attach")
	}
	if answers != len(forms)+links {
		t.Errorf("%d answers with files, and %d forms that ask for them", answers, len(forms))
	}
	pages := strings.Join(sources("../templates", ".html"), "")
	for _, form := range forms {
		tags := regexp.MustCompile(`action="`+regexp.QuoteMeta(form)+`"[^>]*>`).FindAllString(pages, -1)
		if len(tags) == 0 {
			t.Errorf("there is no form to %s", form)
		}
		for _, tag := range tags {
			if !strings.Contains(tag, " data-file") {
				t.Errorf("%s does not say data-file", tag)
			}
		}
	}
}
