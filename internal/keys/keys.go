// Package keys holds the master keys: it seals what must be read back, makes MACs of what must only be recognised, and
// signs what others must be able to check. A database without the key file gives away no code and no secret.
//
// Every use has a purpose, from which a key of its own is derived, and associated data (the row it
// belongs to), so that a value copied to another row or another use does not open.
package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// Ring is the keys of one key file: one of them seals, all of them open. A running program may be given
// another file's keys at any moment (Become), so each use takes one picture of the ring and keeps to it.
type Ring struct{ now atomic.Pointer[picture] }

// picture is the keys in the order of the file, newest first, and which of them seals.
type picture struct {
	keys  []master
	seals int
}

// master is one 32-byte key; its id (4 bytes of its hash) marks what it made.
type master struct {
	key []byte
	id  [idSize]byte
}

const (
	keySize = 32
	idSize  = 4
	version = 1
)

// ErrOpen says that no key of the ring opens a value: it is damaged, belongs to another row, or was made
// with a key that is gone.
var ErrOpen = errors.New("sealed value does not open with the keys of this installation")

// Parse reads a key file's text: one base64 32-byte key a line, newest first. Empty lines are skipped. The
// newest seals, until SealWith says otherwise.
func Parse(text string) (*Ring, error) {
	var read picture
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != keySize {
			return nil, fmt.Errorf("line %d of the key file is not a base64 key of %d bytes", n+1, keySize)
		}
		read.keys = append(read.keys, newMaster(key))
	}
	if len(read.keys) == 0 {
		return nil, errors.New("the key file holds no key")
	}
	var r Ring
	r.now.Store(&read)
	return &r, nil
}

// Generate makes the text of a key file with one fresh key.
func Generate() string {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return base64.StdEncoding.EncodeToString(key) + "\n"
}

func newMaster(key []byte) master {
	m := master{key: key}
	sum := sha256.Sum256(append([]byte("nightlatch key id\x00"), key...))
	copy(m.id[:], sum[:])
	return m
}

// Fingerprint names the newest key without giving it away: 16 hex digits.
func (r *Ring) Fingerprint() string { return r.now.Load().keys[0].fingerprint() }

// Fingerprints names all keys, newest first.
func (r *Ring) Fingerprints() []string {
	now := r.now.Load()
	names := make([]string, len(now.keys))
	for i, k := range now.keys {
		names[i] = k.fingerprint()
	}
	return names
}

// Has reports whether a key of the ring has this fingerprint.
func (r *Ring) Has(fingerprint string) bool { return slices.Contains(r.Fingerprints(), fingerprint) }

// SealWith makes the key of this fingerprint the one that seals, and reports whether the ring has it. All
// processes of an installation seal with the same key, which their database names: see docs/adr/0011-keys.md.
func (r *Ring) SealWith(fingerprint string) bool {
	now := r.now.Load()
	for i, k := range now.keys {
		if k.fingerprint() == fingerprint {
			r.now.Store(&picture{now.keys, i})
			return true
		}
	}
	return false
}

// Become takes over another ring's keys, and which of them seals, between two uses.
func (r *Ring) Become(other *Ring) { r.now.Store(other.now.Load()) }

// Named returns the fingerprint of the key with this id, "" when the ring has none.
func (r *Ring) Named(id []byte) string {
	for _, k := range r.now.Load().keys {
		if bytes.Equal(k.id[:], id) {
			return k.fingerprint()
		}
	}
	return ""
}

// SealingID is the id of the key that seals: bytes 1 to 4 of all it seals.
func (r *Ring) SealingID() []byte {
	sealer := r.now.Load().sealer()
	return sealer.id[:]
}

func (r *picture) sealer() master { return r.keys[r.seals] }

func (m master) fingerprint() string {
	sum := sha256.Sum256(append([]byte("nightlatch key fingerprint\x00"), m.key...))
	return hex.EncodeToString(sum[:8])
}

func (m master) derive(purpose string) []byte {
	// Expanding 32 uniform bytes to 32 bytes cannot fail.
	key, err := hkdf.Key(sha256.New, m.key, nil, "nightlatch "+purpose, keySize)
	if err != nil {
		panic(err)
	}
	return key
}

func (m master) aead(purpose string) cipher.AEAD {
	block, err := aes.NewCipher(m.derive("seal " + purpose))
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return gcm
}

// Seal encrypts plain with AES-256-GCM under a key of its purpose; the row it stands in is authenticated
// with it. The form is version, key id, nonce, ciphertext, tag.
func (r *Ring) Seal(purpose, row string, plain []byte) []byte {
	sealer := r.now.Load().sealer()
	head := append([]byte{version}, sealer.id[:]...)
	return sealer.aead(purpose).Seal(head, nil, plain, []byte(row)) // #nosec G407 -- this AEAD draws the nonce itself
}

// Open decrypts what Seal made for the same purpose and row. Its only error is ErrOpen.
func (r *Ring) Open(purpose, row string, sealed []byte) ([]byte, error) {
	if len(sealed) < 1+idSize || sealed[0] != version {
		return nil, ErrOpen
	}
	for _, k := range r.now.Load().keys {
		if subtle.ConstantTimeCompare(k.id[:], sealed[1:1+idSize]) != 1 {
			continue
		}
		plain, err := k.aead(purpose).Open(nil, nil, sealed[1+idSize:], []byte(row))
		if err != nil {
			return nil, ErrOpen
		}
		return plain, nil
	}
	return nil, ErrOpen
}

// MAC is HMAC-SHA-256 of a value in its row under the key that seals: 32 bytes, to store.
func (r *Ring) MAC(purpose, row, value string) []byte {
	mac, _ := r.MACAndKey(purpose, row, value)
	return mac
}

// MACAndKey is MAC with the id of its key, for what is stored for years: a MAC alone does not tell, and
// cannot be made anew without the value.
func (r *Ring) MACAndKey(purpose, row, value string) (mac, keyID []byte) {
	sealer := r.now.Load().sealer()
	return sealer.mac(purpose, row, value), sealer.id[:]
}

// MACs are the MACs under every key, newest first, to look up what an older key stored.
func (r *Ring) MACs(purpose, row, value string) [][]byte {
	now := r.now.Load()
	macs := make([][]byte, len(now.keys))
	for i, k := range now.keys {
		macs[i] = k.mac(purpose, row, value)
	}
	return macs
}

// Matches compares a stored MAC with a value in constant time.
func (r *Ring) Matches(mac []byte, purpose, row, value string) bool {
	found := 0
	for _, want := range r.MACs(purpose, row, value) {
		found |= subtle.ConstantTimeCompare(mac, want)
	}
	return found == 1
}

func (m master) mac(purpose, row, value string) []byte {
	h := hmac.New(sha256.New, m.derive("mac "+purpose))
	// The length keeps row and value apart: ("1", "23") is not ("12", "3").
	fmt.Fprintf(h, "%d:%s%s", len(row), row, value)
	return h.Sum(nil)
}

// Sign signs a message with Ed25519, under a key of its purpose that comes from the key that seals. The public key is
// kept beside the signature: it proves it when another key has taken its place.
func (r *Ring) Sign(purpose string, message []byte) (public ed25519.PublicKey, signature []byte) {
	private := r.now.Load().sealer().signer(purpose)
	return publicOf(private), ed25519.Sign(private, message)
}

// Signer returns the public key under which Sign signs now.
func (r *Ring) Signer(purpose string) ed25519.PublicKey {
	return publicOf(r.now.Load().sealer().signer(purpose))
}

// Signs reports whether a public key is that of one of the ring's keys for a purpose.
func (r *Ring) Signs(purpose string, public ed25519.PublicKey) bool {
	for _, k := range r.now.Load().keys {
		if publicOf(k.signer(purpose)).Equal(public) {
			return true
		}
	}
	return false
}

func publicOf(private ed25519.PrivateKey) ed25519.PublicKey {
	return ed25519.PublicKey(private[ed25519.SeedSize:])
}

func (m master) signer(purpose string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(m.derive("sign " + purpose))
}
