package templates

import (
	"html/template"
	"io/fs"
)

// Registered is a page or fragment, for the tests over all folders.
type Registered struct {
	Dir    fs.FS
	File   string
	Parts  []string
	Layout string
	Block  string
	View   any
	Sets   map[string]func() *template.Template
}

// Registry returns every page and fragment of the packages that are linked in.
func Registry() (all []Registered) {
	for _, r := range registry {
		all = append(all, Registered{r.dir, r.file, r.parts, r.layout, r.block, r.view, r.sets})
	}
	return all
}

// Files and Shared are the files of this package, and those of them that every page is parsed with.
var (
	Files  = files
	Shared = shared[:]
)
