package federation

import (
	"errors"
	"fmt"
)

// Kind is what went wrong at a provider, and the catalogue's key sso_trouble.<kind>.
type Kind string

// What can go wrong.
const (
	Unreachable    Kind = "unreachable" // no answer in time
	PrivateAddress Kind = "private"     // its address is in a private network that the operator did not allow
	NoDescription  Kind = "discovery"   // no description of itself at the issuer's address
	OtherIssuer    Kind = "issuer"      // it calls itself by another issuer
	BadEndpoints   Kind = "endpoints"   // an endpoint is missing or not https
	NoMethods      Kind = "methods"     // no client secret, or no PKCE with S256
	OtherProvider  Kind = "other"       // the answer names another provider, or none where it should
	Denied         Kind = "denied"      // access_denied
	AnsweredError  Kind = "provider"    // any other error in the answer
	BadClient      Kind = "client"      // client id and secret are not accepted
	NoToken        Kind = "token"       // the code was not accepted, or no token came
	BadIDToken     Kind = "id_token"    // signature, issuer, audience, expiry, nonce or subject is wrong
)

// Trouble says that the provider did not do its part. The chain is for the operator's log, and holds no secret.
type Trouble struct {
	Kind       Kind
	OfficeCode string // "" in a test
	err        error
}

func (t *Trouble) Error() string { return fmt.Sprintf("single sign-on, %s: %v", t.Kind, t.err) }
func (t *Trouble) Unwrap() error { return t.err }

// inOffice notes the office in a *Trouble, so that its page can lead back to the same log-in.
func inOffice(err error, code string) error {
	var trouble *Trouble
	if errors.As(err, &trouble) {
		trouble.OfficeCode = code
	}
	return err
}
