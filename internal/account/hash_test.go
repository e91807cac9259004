package account

import (
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"github.com/nightlatch/nightlatch/internal/typed"
)

// OWASP's least for Argon2id: 19 MiB, two rounds, one lane.
func TestAHashIsArgon2idAsDocumented(t *testing.T) {
	t.Parallel()
	h := NewHasher(OWASP())
	hash, err := h.Hash(t.Context(), "kettle umbrella seventeen")
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"a password's": hash, "nobody's": h.dummy} {
		if !strings.HasPrefix(text, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("%s hash is %q", what, text)
		}
		if _, salt, key, err := argon2id.DecodeHash(text); err != nil || len(salt) != 16 || len(key) != 32 {
			t.Errorf("%s hash has %d and %d bytes: %v", what, len(salt), len(key), err)
		}
	}
}

// Neither case nor blanks nor the form of Unicode is changed, and nothing is cut.
// A hash of the time before is of the bytes that were typed, and takes no other spelling.
func TestAPasswordIsComparedAsItIsSeen(t *testing.T) {
	t.Parallel()
	h := NewHasher(OWASP())
	password := " Kettle e\u0301clair ﬁve " + strings.Repeat("x", maxPassword-21) + "Y "
	hash, err := h.Hash(t.Context(), typed.Password(password))
	if err != nil {
		t.Fatal(err)
	}
	before, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{hasher: h}
	for what, c := range map[string]struct {
		typed string
		want  bool
	}{
		"as it was set": {password, true}, "in lower case": {strings.ToLower(password), false},
		"without blanks around": {strings.TrimSpace(password), false}, "composed": {norm.NFC.String(password), true},
		"in the plainest form": {norm.NFKC.String(password), true}, "cut": {password[:72], false},
		"with another end":     {password[:len(password)-2] + "Z ", false},
		"with blanks of print": {strings.ReplaceAll(password, " ", "\u00a0"), true},
		"behind a mark":        {"\ufeff" + password, true},
	} {
		if right, err := s.matches(t.Context(), owners(), c.typed, hash, false); err != nil || right != c.want {
			t.Errorf("%s: %v, %v", what, right, err)
		}
		right, err := s.matches(t.Context(), owners(), c.typed, before, true)
		if err != nil || right != (c.typed == password) {
			t.Errorf("%s, against a hash of the bytes: %v, %v", what, right, err)
		}
	}
}
