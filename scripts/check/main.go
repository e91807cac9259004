// Command check finds what linters do not look for: queries and exported names that no program uses, lines of more
// than 120 columns outside Go, and paths that a document names and nobody has. It prints one line a finding and exits
// with status 1 when there is any. It reads the files that git knows, and writes nothing.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// file is one file of the repository.
type file struct {
	path string // from the top, with slashes
	text string
}

// is reports whether the file's name ends in one of the extensions.
func (f file) is(extensions ...string) bool { return slices.Contains(extensions, filepath.Ext(f.path)) }

// isTest reports whether only tests compile the file: a test file, or a package of help for tests.
func (f file) isTest() bool {
	folder := filepath.ToSlash(filepath.Dir(f.path))
	return strings.HasSuffix(f.path, "_test.go") || strings.HasSuffix(folder, "test") ||
		strings.Contains(folder, "test/") || strings.HasPrefix(folder, "e2e")
}

// isForeign reports whether others wrote the file, or a tool did: vendored, generated, recorded.
func (f file) isForeign() bool {
	return strings.HasPrefix(f.path, "static/vendor/") || strings.HasPrefix(f.path, "db/dbsqlc/") ||
		strings.Contains(f.path, "/testdata/") || strings.HasSuffix(f.path, ".min.js")
}

func main() {
	files, err := read()
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
	var found []string
	for _, check := range []func([]file) []string{wideLines, unusedQueries, unusedNames, lostPaths, guessable} {
		found = append(found, check(files)...)
	}
	for _, line := range found {
		fmt.Println(line)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

// read reads the files that git knows. It leaves the program at the top of the repository.
func read() ([]file, error) {
	top, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return nil, fmt.Errorf("find the repository: %w", err)
	}
	if err := os.Chdir(strings.TrimSpace(string(top))); err != nil {
		return nil, err
	}
	list, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("list the files: %w", err)
	}
	var files []file
	for path := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		text, err := os.ReadFile(path) // #nosec G304 -- git named it
		switch {
		case os.IsNotExist(err): // deleted, and not yet committed
		case err != nil:
			return nil, err
		case bytes.Contains(text, []byte{0}): // a picture: it exists
			files = append(files, file{path: path})
		default:
			files = append(files, file{path: path, text: string(text)})
		}
	}
	return files, nil
}
