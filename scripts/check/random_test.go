package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What make verify asks of the program, asked here too.
func TestNothingThatGuardsCanBeForetold(t *testing.T) {
	t.Parallel()
	var files []file
	top := filepath.Join("..", "..")
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{".git", ".tools", "node_modules"}, entry.Name()) {
			return fs.SkipDir
		}
		if entry.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(top, path)
		files = append(files, file{filepath.ToSlash(name), string(text)})
		return err
	})
	if err != nil || len(files) < 300 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, found := range guessable(files) {
		t.Error(found)
	}
}
