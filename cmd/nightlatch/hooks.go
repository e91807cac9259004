package main

import (
	"encoding/base32"
	"strings"

	"github.com/nightlatch/nightlatch/internal/keys"
)

// hookConnections serve receipts alone, so that a flood of them never takes a page's connection.
const hookConnections = 2

// hookTokens are the path parts under which providers reach us, one for each key. Who knows one was told by us:
// it is a MAC under a master key. A key's end is also its token's.
func hookTokens(ring *keys.Ring) []string {
	var tokens []string
	for _, mac := range ring.MACs(hooksPurpose, "", "") {
		tokens = append(tokens, hookToken(mac))
	}
	return tokens
}

const hooksPurpose = "hooks path"

func hookToken(mac []byte) string {
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac)[:26])
}

// hookBase is the address under which providers reach us: the token of the key that seals, which every node has.
func hookBase(cfg config, ring *keys.Ring) string {
	return cfg.url.String() + "/hooks/" + hookToken(ring.MAC(hooksPurpose, "", ""))
}
