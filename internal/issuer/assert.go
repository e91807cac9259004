package issuer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// assertionLife is how long an assertion is good for.
	assertionLife = 60 * time.Second
	// signerAge is how long the key of assertions is remembered. One that was revoked meanwhile signs for nobody: it
	// stands in no published set.
	signerAge = 5 * time.Second
)

// Assertions signs who is let into an application, for those that do not rely on their proxy alone: JWTs of ES256 under
// the published keys.
type Assertions struct {
	keys   *Keys
	issuer string
	now    func() time.Time

	mu     sync.Mutex
	signer jose.Signer
	read   time.Time
}

// NewAssertions returns the Assertions of a portal that browsers reach under issuer.
func NewAssertions(keys *Keys, issuer string, now func() time.Time) *Assertions {
	return &Assertions{keys: keys, issuer: issuer, now: now}
}

// Assert returns a JWT for an application, the audience, about a subject, with more claims.
func (a *Assertions) Assert(ctx context.Context, audience, subject string, more any) (string, error) {
	signer, err := a.current(ctx)
	if err != nil {
		return "", err
	}
	now := a.now()
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: a.issuer, Audience: jwt.Audience{audience}, Subject: subject, IssuedAt: jwt.NewNumericDate(now),
		Expiry: jwt.NewNumericDate(now.Add(assertionLife)),
	}).Claims(more).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign an assertion: %w", err)
	}
	return token, nil
}

func (a *Assertions) current(ctx context.Context) (jose.Signer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.signer != nil && a.now().Sub(a.read) < signerAge {
		return a.signer, nil
	}
	signer, err := a.keys.signer(ctx, jose.ES256, "JWT")
	if err != nil {
		return nil, err
	}
	a.signer, a.read = signer, a.now()
	return signer, nil
}
