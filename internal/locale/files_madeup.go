//go:build madeup

package locale

import (
	"io/fs"

	"github.com/nightlatch/nightlatch/internal/locale/localetest"
)

// catalogueFiles returns the files of all languages: those of this folder, and a made-up one for tests.
func catalogueFiles() (fs.FS, error) { return localetest.Add(embedded) }
