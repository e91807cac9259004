package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/keys"
)

// Record is an event as it is hashed: all that its row has. 0 is nobody.
type Record struct {
	ID      int64
	At      time.Time
	Office  int64
	Actor   Person
	Subject Person
	Action  Action
	Detail  string
	Address string
}

// Link is an event's place in the chain of its office's history, which is office 0 for the installation's. The
// database makes it, with the functions of migration 00106, which say the same as those here.
type Link struct {
	Office  int64
	Number  int64 // 1, 2, 3 … without a gap
	Event   int64
	At      time.Time
	Attempt bool   // it goes after some time, and leaves its link
	Content []byte // the event's hash
	Hash    []byte // the link's, with the one before
}

// Head is the last link of a chain at a moment, signed by the installation.
type Head struct {
	Office    int64
	Number    int64
	Hash      []byte
	SignedAt  time.Time
	PublicKey ed25519.PublicKey
	Signature []byte
}

// netstrings writes values so that no two lists of them give the same text.
func netstrings(values ...string) []byte {
	var text strings.Builder
	for _, v := range values {
		fmt.Fprintf(&text, "%d:%s,", len(v), v)
	}
	return []byte(text.String())
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }

// named writes an id, nobody's as nothing.
func named(id int64) string {
	if id == 0 {
		return ""
	}
	return digits(id)
}

// Hash returns what the event's link says of it.
func (r Record) Hash() []byte {
	sum := sha256.Sum256(netstrings("nightlatch event 1", digits(r.ID), digits(r.At.UnixMicro()), named(r.Office),
		named(r.Actor.ID), r.Actor.Name, named(r.Subject.ID), r.Subject.Name, string(r.Action), r.Detail, r.Address))
	return sum[:]
}

// After returns the hash that the link has behind one of that hash; nil is before the first.
func (l Link) After(before []byte) []byte {
	kind := "kept"
	if l.Attempt {
		kind = "attempt"
	}
	sum := sha256.Sum256(netstrings("nightlatch link 1", hex.EncodeToString(before), digits(l.Office), digits(l.Number),
		digits(l.Event), digits(l.At.UnixMicro()), kind, hex.EncodeToString(l.Content)))
	return sum[:]
}

func (h Head) text() []byte {
	return netstrings("nightlatch head 1", digits(h.Office), digits(h.Number), hex.EncodeToString(h.Hash),
		digits(h.SignedAt.UnixMicro()))
}

// purposeHead is what the key that signs heads is derived for.
const purposeHead = "audit head"

func (h Head) signed(ring *keys.Ring) Head {
	h.PublicKey, h.Signature = ring.Sign(purposeHead, h.text())
	return h
}

// Holds reports whether the signature is that of its public key.
func (h Head) Holds() bool {
	return len(h.PublicKey) == ed25519.PublicKeySize && ed25519.Verify(h.PublicKey, h.text(), h.Signature)
}

// Wrong is what is wrong with a history.
type Wrong string

// What Check finds.
const (
	Changed   Wrong = "changed"
	LeftOut   Wrong = "left_out"
	Added     Wrong = "added"
	CutOff    Wrong = "cut_off"
	Rewritten Wrong = "rewritten" // a whole end of a chain, made anew
	Forged    Wrong = "forged"    // a signature that is none
	Unknown   Wrong = "unknown_key"
	Unsigned  Wrong = "unsigned"
)

// Finding is one thing that is wrong with a history, for whoever asked on the command line.
type Finding struct {
	Wrong  Wrong  `json:"wrong"`
	Office string `json:"office,omitempty"` // its code; "" is the installation
	Number int64  `json:"number,omitempty"` // in the chain
	Event  int64  `json:"event,omitempty"`
	Text   string `json:"text"`
}

// Check follows a chain link by link and says what is wrong with it.
type Check struct {
	Office string // the code in its findings
	Found  []Finding

	heads  map[int64][]Head
	first  int64 // the number before the first
	number int64 // of the last link
	hash   []byte
	gone   int64
	open   time.Time // the moment of the first event that nothing signs

	signed   int64 // the last number whose signature holds
	signedAt time.Time
}

// NewCheck returns the Check of a chain with these heads, of which those that hold count. It begins behind a link; nil
// is before the first.
func NewCheck(office string, heads []Head, behind *Link) *Check {
	c := &Check{Office: office, heads: map[int64][]Head{}}
	if behind != nil {
		c.first, c.number, c.hash = behind.Number, behind.Number, behind.Hash
	}
	for _, h := range heads {
		if !h.Holds() {
			c.found(Forged, h.Number, 0, "The signature of number %d, of %s, is not that of its key.", h.Number,
				moment(h.SignedAt))
			continue
		}
		c.heads[h.Number] = append(c.heads[h.Number], h)
	}
	return c
}

func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

func (c *Check) found(wrong Wrong, number, event int64, text string, args ...any) {
	c.Found = append(c.Found, Finding{wrong, c.Office, number, event, fmt.Sprintf(text, args...)})
}

// Next looks at the next link, with its event when that stands. mayLack says that it need not.
func (c *Check) Next(l Link, event *Record, mayLack bool) {
	gap := l.Number != c.number+1
	if gap {
		c.found(LeftOut, c.number+1, 0, "Left out: %s, before event %d of %s.", numbers(c.number+1, l.Number-1), l.Event,
			moment(l.At))
	}
	switch {
	case event == nil && !mayLack:
		c.found(LeftOut, l.Number, l.Event, "Left out: number %d, event %d of %s.", l.Number, l.Event, moment(l.At))
	case event == nil:
		c.gone++
	case !bytes.Equal(event.Hash(), l.Content) || event.ID != l.Event:
		c.found(Changed, l.Number, l.Event, "Changed: number %d, event %d of %s.", l.Number, l.Event, moment(l.At))
	}
	if !gap && !bytes.Equal(l.After(c.hash), l.Hash) {
		c.found(Changed, l.Number, l.Event, "Changed: number %d, event %d of %s, does not follow the one before it. "+
			"One of the two was changed or put there.", l.Number, l.Event, moment(l.At))
	}
	if heads := c.heads[l.Number]; len(heads) > 0 {
		c.open = time.Time{}
		for _, h := range heads {
			if !bytes.Equal(h.Hash, l.Hash) {
				c.found(Rewritten, l.Number, l.Event, "Rewritten: number %d is not what was signed on %s. Something between "+
					"number %d and this one was changed, left out or added, and all behind it made to fit.", l.Number,
					moment(h.SignedAt), c.signed+1)
			} else {
				c.signed, c.signedAt = l.Number, h.SignedAt
			}
		}
		delete(c.heads, l.Number)
	} else if c.open.IsZero() {
		c.open = l.At
	}
	c.number, c.hash = l.Number, l.Hash
}

// End says what was signed and is behind the end.
func (c *Check) End() {
	var furthest Head
	for _, heads := range c.heads {
		for _, h := range heads {
			if h.Number > furthest.Number {
				furthest = h
			}
		}
	}
	if furthest.Number > c.number {
		c.found(CutOff, c.number+1, 0, "Cut off: %s, the end. Number %d was signed on %s.",
			numbers(c.number+1, furthest.Number), furthest.Number, moment(furthest.SignedAt))
	}
}

func numbers(from, to int64) string {
	if from == to {
		return fmt.Sprintf("number %d", from)
	}
	return fmt.Sprintf("numbers %d to %d", from, to)
}

// Sign signs a file with the key that signs heads.
func Sign(ring *keys.Ring, file []byte) (public ed25519.PublicKey, signature []byte) {
	return ring.Sign(purposeHead, fileText(file))
}

// Signed reports whether a file has the signature of a key.
func Signed(file []byte, public ed25519.PublicKey, signature []byte) bool {
	return len(public) == ed25519.PublicKeySize && ed25519.Verify(public, fileText(file), signature)
}

// Ours reports whether a key that signed is one of this key file.
func Ours(ring *keys.Ring, public ed25519.PublicKey) bool { return ring.Signs(purposeHead, public) }

func fileText(file []byte) []byte {
	sum := sha256.Sum256(file)
	return netstrings("nightlatch evidence 1", hex.EncodeToString(sum[:]))
}
