//go:build !madeup

package locale

import "io/fs"

// catalogueFiles returns the files of all languages: those of this folder.
func catalogueFiles() (fs.FS, error) { return embedded, nil }
