package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Load reads a key file. It is refused when anybody but its owner may read it.
func Load(path string) (*Ring, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the key file %s is not a file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key file %s may be read by others (%#o): run chmod 600 %s", path,
			info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path) // #nosec G304 -- the operator names this file
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	ring, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ring, nil
}

// LoadOrMake is Load, after making the file with a fresh key where none stands. Two processes that start
// together end with the same key: the file appears whole or not at all, and the first one stays.
func LoadOrMake(path string) (*Ring, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := place(path, Generate()); err != nil {
			return nil, fmt.Errorf("make the key file: %w", err)
		}
	}
	return Load(path)
}

func place(path, text string) error {
	tmp, err := beside(path, text)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp) }()
	if err := os.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// beside writes a file of mode 0600 in the folder of path, whole and on the disk, and returns its name.
func beside(path, text string) (string, error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".key-*") // 0600
	if err != nil {
		return "", err
	}
	_, err = tmp.WriteString(text)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(tmp.Name()))
	}
	return tmp.Name(), nil
}

// Add writes a fresh key as the first line of a key file, the others below it, and returns the new ring.
// The file is the old one or the new one at every moment, and stays its owner's: a superuser's command must
// not take it away from the account that serves. A link is followed: what it points to is written.
func Add(path string) (*Ring, error) {
	if _, err := Load(path); err != nil {
		return nil, err
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("find the key file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	old, err := os.ReadFile(path) // #nosec G304 -- the operator names this file
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	tmp, err := beside(path, Generate()+string(old))
	if err != nil {
		return nil, fmt.Errorf("write the new key file beside the old one: %w", err)
	}
	if err := giveTo(tmp, info); err != nil {
		return nil, errors.Join(fmt.Errorf("give the new key file to the old one's owner: %w", err), os.Remove(tmp))
	}
	if err := os.Rename(tmp, path); err != nil {
		return nil, errors.Join(fmt.Errorf("put the new key file in the old one's place: %w", err), os.Remove(tmp))
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil { // #nosec G304 -- the key file's folder
		_ = dir.Sync() // the rename itself, where the file system can
		_ = dir.Close()
	}
	return Load(path)
}
