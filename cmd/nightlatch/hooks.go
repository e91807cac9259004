package main

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/nightlatch/nightlatch/handlers"
	codes "github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/message"
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

// hooks are handlers.Hooks.
type hooks struct{ message.Hooks }

// Receipt takes a receipt, or an event of a call.
func (h hooks) Receipt(ctx context.Context, provider string, header http.Header, body []byte) error {
	return hookError(h.Hooks.Receipt(ctx, provider, header, body))
}

// KeyPressed takes what is posted about one call.
func (h hooks) KeyPressed(ctx context.Context, ref string, header http.Header, body []byte) ([]byte, error) {
	answer, err := h.Hooks.KeyPressed(ctx, "voice", ref, header, body)
	return answer, hookError(err)
}

func hookError(err error) error {
	for code, is := range map[codes.Code]error{
		codes.NotFound: handlers.ErrHookUnset, codes.Forbidden: handlers.ErrHookRefused, codes.Invalid: handlers.ErrHookMalformed,
	} {
		if errors.Is(err, code) {
			return fmt.Errorf("%w: %w", is, err)
		}
	}
	return err
}
