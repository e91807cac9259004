package passkey

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/nightlatch/nightlatch/internal/factor"
)

// macPurpose names the key of challenges' MACs.
const macPurpose = "passkey challenge"

const (
	nonceLength = 16 // 128 random bits; WebAuthn §13.4.3 asks for as many
	timeLength  = 8
)

// use is what a challenge is to be answered with: one that was made to prove a passkey makes none.
type use string

const (
	toMake  use = "make"
	toProve use = "prove"
)

func purposeOf(enrols bool) use {
	if enrols {
		return toMake
	}
	return toProve
}

// session is whom a challenge is made for: the session of an owner.
func session(o factor.Owner) string { return "session " + strconv.FormatInt(o.SessionID, 10) }

// challenge returns a challenge for a use and whoever asked, made at a moment of the database's clock.
func (p *Passkey) challenge(u use, asker string, at time.Time) []byte {
	c := make([]byte, nonceLength, nonceLength+timeLength+sha256.Size)
	_, _ = rand.Read(c)
	c = binary.BigEndian.AppendUint64(c, uint64(at.UnixMicro()))
	return append(c, p.keys.MAC(macPurpose, asker, string(u)+string(c))...)
}

// made returns when a challenge was made, and whether it is one of ours for this use and whoever asked.
func (p *Passkey) made(text string, u use, asker string) (challenge []byte, at time.Time, ours bool) {
	c, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(c) != nonceLength+timeLength+sha256.Size {
		return nil, time.Time{}, false
	}
	said, mac := c[:nonceLength+timeLength], c[nonceLength+timeLength:]
	if !p.keys.Matches(mac, macPurpose, asker, string(u)+string(said)) {
		return nil, time.Time{}, false
	}
	micro := int64(binary.BigEndian.Uint64(said[nonceLength:])) //nolint:gosec // it is under our MAC
	return c, time.UnixMicro(micro), true
}
