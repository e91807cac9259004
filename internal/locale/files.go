package locale

import "io/fs"

// catalogueFiles are the files of the languages: those of this folder.
func catalogueFiles() fs.FS { return embedded }
