//go:build unix

package keys

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestANewKeyIsTheFirstLineAndSealsWhenItIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	before, err := LoadOrMake(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed := before.Seal("p", "1", []byte("x"))
	after, err := Add(path)
	if err != nil {
		t.Fatal(err)
	}
	now, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(string(now), "\n"+string(text)) || strings.Count(string(now), "\n") != 2 {
		t.Errorf("the file is %d lines long, or its old key is gone (%v)", strings.Count(string(now), "\n"), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if after.Fingerprint() == before.Fingerprint() || after.Fingerprints()[1] != before.Fingerprint() {
		t.Errorf("the keys are %v, before %v", after.Fingerprints(), before.Fingerprints())
	}
	if plain, err := after.Open("p", "1", sealed); err != nil || string(plain) != "x" {
		t.Errorf("opened %q, %v", plain, err)
	}

	// Until it is promoted the old key seals, and who has only that one opens everything.
	sealing := func() string { return after.Named(after.SealingID()) }
	if !after.SealWith(before.Fingerprint()) || after.SealWith("0000000000000000") || sealing() != before.Fingerprint() {
		t.Fatalf("%s seals", sealing())
	}
	mac, id := after.MACAndKey("p", "1", "x")
	if _, err := before.Open("p", "1", after.Seal("p", "1", []byte("y"))); err != nil {
		t.Error("a process without the new key does not open what one with it sealed")
	}
	if !before.Matches(mac, "p", "1", "x") || after.Named(id) != before.Fingerprint() ||
		string(after.SealingID()) != string(id) {
		t.Error("a process without the new key does not recognise what one with it made")
	}
	// A running program takes it over, and the next value is sealed with it.
	if !after.SealWith(after.Fingerprint()) {
		t.Fatal("the new key is not in its ring")
	}
	before.Become(after)
	if fresh := before.Seal("p", "1", nil); before.Named(fresh[1:5]) != after.Fingerprint() {
		t.Error("the new key does not seal")
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("%d files are left in the folder, %v", len(files), err)
	}
}

func TestALinkedKeyFileStaysALink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if _, err := LoadOrMake(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if _, err := Add(link); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
	if ring, err := Load(file); err != nil || len(ring.Fingerprints()) != 2 {
		t.Errorf("what it points to was not written: %v", err)
	}
}

// A superuser's command leaves the file to the account that serves.
func TestANewKeyFileStaysItsOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only a superuser can give files away")
	}
	path := filepath.Join(t.TempDir(), "keys")
	if _, err := LoadOrMake(path); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	if err := os.Chown(path, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	if _, err := Add(path); err != nil {
		t.Fatal(err)
	}
	if uid, gid := ownerOf(t, path); uid != nobody || gid != nobody {
		t.Errorf("the file belongs to %d:%d", uid, gid)
	}
}

// A file that was cut off while it was copied is refused, at every length that leaves half a key.
func TestAPartOfAKeyFileIsRefused(t *testing.T) {
	whole := Generate() + Generate()
	for n := range len(whole) {
		_, err := Parse(whole[:n])
		if half := n != 44 && n != 45 && n != 89; half && err == nil {
			t.Errorf("the first %d bytes are taken", n)
		} else if half && n > 0 && !strings.Contains(err.Error(), "key") {
			t.Errorf("%d bytes are refused with %q", n, err)
		} else if err != nil && strings.Contains(err.Error(), whole[:min(n, 10)]) && n >= 10 {
			t.Errorf("the refusal repeats the key: %v", err)
		}
	}
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(whole[:60]), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Add(path); err == nil {
		t.Error("a key was added to half a file")
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != whole[:60] {
		t.Errorf("the half file was changed, %v", err)
	}
}
