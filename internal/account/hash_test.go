package account

import (
	"strings"
	"testing"
)

// OWASP's least for Argon2id: 19 MiB, two rounds, one lane.
func TestAHashIsArgon2idAsDocumented(t *testing.T) {
	t.Parallel()
	h, err := NewHasher()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := h.Hash(t.Context(), "kettle umbrella seventeen")
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"a password's": hash, "nobody's": h.dummy} {
		if !strings.HasPrefix(text, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("%s hash is %q", what, text)
		}
	}
}
