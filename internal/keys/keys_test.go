package keys

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func ring(t testing.TB, text string) *Ring {
	t.Helper()
	r, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatIsSealedOpensInItsPlaceAlone(t *testing.T) {
	r := ring(t, Generate())
	sealed := r.Seal("secret", "1", []byte("plain"))
	if plain, err := r.Open("secret", "1", sealed); err != nil || string(plain) != "plain" {
		t.Fatalf("opened %q, %v", plain, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another row":     func() ([]byte, error) { return r.Open("secret", "2", sealed) },
		"another purpose": func() ([]byte, error) { return r.Open("code", "1", sealed) },
		"another key":     func() ([]byte, error) { return ring(t, Generate()).Open("secret", "1", sealed) },
		"cut short":       func() ([]byte, error) { return r.Open("secret", "1", sealed[:len(sealed)-1]) },
		"nothing":         func() ([]byte, error) { return r.Open("secret", "1", nil) },
	} {
		if _, err := open(); !errors.Is(err, ErrOpen) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := r.Open("secret", "1", changed); !errors.Is(err, ErrOpen) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
}

func TestAnOlderKeyStillOpensAndRecognises(t *testing.T) {
	oldText := Generate()
	old := ring(t, oldText)
	both := ring(t, Generate()+oldText)
	if plain, err := both.Open("p", "1", old.Seal("p", "1", []byte("x"))); err != nil || string(plain) != "x" {
		t.Errorf("opened %q, %v", plain, err)
	}
	if !both.Matches(old.MAC("p", "1", "x"), "p", "1", "x") || both.Matches(old.MAC("p", "1", "x"), "p", "1", "y") {
		t.Error("a MAC of the older key is not recognised, or a wrong one is")
	}
	if _, err := old.Open("p", "1", both.Seal("p", "1", []byte("x"))); !errors.Is(err, ErrOpen) {
		t.Error("the newest key does not seal")
	}
	if !both.Has(old.Fingerprint()) || old.Has(both.Fingerprint()) {
		t.Error("fingerprints")
	}
	if bytes.Equal(old.MAC("p", "1", "23"), old.MAC("p", "12", "3")) {
		t.Error("row and value run together")
	}
}

func TestAKeyFileThatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	var all sync.WaitGroup
	prints := make([]string, 8)
	for i := range prints {
		all.Go(func() {
			if r, err := LoadOrMake(path); err == nil {
				prints[i] = r.Fingerprint()
			}
		})
	}
	all.Wait()
	for _, p := range prints {
		if p == "" || p != prints[0] {
			t.Fatalf("processes that start together have the keys %v", prints)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil {
			t.Errorf("%#o is taken", mode)
		}
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	for _, text := range []string{"", "\n\n", "x", "AAAA", Generate() + "AAAA"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func FuzzOpen(f *testing.F) {
	r := ring(f, Generate())
	f.Add(r.Seal("p", "1", []byte("x")))
	f.Fuzz(func(_ *testing.T, sealed []byte) { _, _ = r.Open("p", "2", sealed) })
}
