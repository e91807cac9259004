package issuer

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/jackc/pgx/v5"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/loopback"
)

// Registration is what an operator says of an application that speaks OpenID Connect.
type Registration struct {
	RedirectURIs, PostLogoutURIs []string
	BackchannelLogoutURI         string
	Public, AllowWithoutPKCE     bool
	ES256                        bool
	KeySet                       []byte // a JWKS, of a client that signs its requests; nil for one with a secret
}

// Field is a field of a Registration.
type Field string

// The fields that can be wrong.
const (
	FieldRedirect    Field = "redirect"
	FieldPostLogout  Field = "post_logout"
	FieldBackchannel Field = "backchannel"
	FieldKeySet      Field = "key_set"
)

// Problem is what is wrong with one field: ErrAddress or ErrKeySet.
type Problem struct {
	Field Field
	Value string // "" for none that is given
	Err   error
}

func (p Problem) Error() string {
	switch {
	case p.Field == FieldKeySet:
		return p.Err.Error()
	case p.Value == "":
		return "none is given: " + p.Err.Error()
	}
	return fmt.Sprintf("%q: %v", p.Value, p.Err)
}

// Problems are all that is wrong with a Registration.
type Problems []Problem

func (p Problems) Error() string { return errors.Join(p.Unwrap()...).Error() }

// Unwrap returns the problems, each as an error.
func (p Problems) Unwrap() []error {
	all := make([]error, len(p))
	for i, one := range p {
		all[i] = one
	}
	return all
}

// Unwrap returns ErrAddress or ErrKeySet.
func (p Problem) Unwrap() error { return p.Err }

// check returns what is wrong with a registration together with what is wrong with its application.
func (s *Service) check(a application.Application, r Registration) error {
	if err := r.check(); err != nil {
		return errors.Join(err, s.applications.Check(a))
	}
	return nil
}

// check returns Problems, or nil.
func (r Registration) check() error {
	var problems Problems
	look := func(field Field, addresses []string) {
		for _, address := range addresses {
			if !goodAddress(address) {
				problems = append(problems, Problem{field, address, ErrAddress})
			}
		}
	}
	look(FieldRedirect, r.RedirectURIs)
	if n := len(r.RedirectURIs); n == 0 || n > maxAddresses {
		problems = append(problems, Problem{FieldRedirect, "", ErrAddress})
	}
	look(FieldPostLogout, r.PostLogoutURIs)
	if len(r.PostLogoutURIs) > maxAddresses {
		problems = append(problems, Problem{FieldPostLogout, "", ErrAddress})
	}
	if r.BackchannelLogoutURI != "" {
		look(FieldBackchannel, []string{r.BackchannelLogoutURI})
	}
	if r.KeySet != nil && len(parseKeySet(r.KeySet)) == 0 {
		problems = append(problems, Problem{FieldKeySet, "", ErrKeySet})
	}
	if len(problems) == 0 {
		return nil
	}
	return problems
}

// maxAddresses is how many addresses of a sort a client can have, as the table has it.
const maxAddresses = 20

func goodAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(address, "#*\\ ") || len(address) > 500 {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback.Host(u.Hostname())
}

// Register registers an application that speaks OpenID Connect, and returns its ids and its secret: "" for a client
// without one. It returns Problems, and what application.Service.Create returns.
func (s *Service) Register(
	ctx context.Context, a application.Application, r Registration, by audit.Person, address string,
) (id int64, clientID, secret string, err error) {
	if err := s.check(a, r); err != nil {
		return 0, "", "", err
	}
	raw := make([]byte, 12)
	_, _ = rand.Read(raw)
	clientID = "nl-" + hex.EncodeToString(raw)
	id, err = s.applications.Create(ctx, a, by, address, func(ctx context.Context, tx pgx.Tx, id int64) error {
		err := s.q.OIDCClientInsert(ctx, tx, dbsqlc.OIDCClientInsertParams{
			ApplicationID: id, ClientID: clientID, RedirectUris: r.RedirectURIs,
			PostLogoutUris: append([]string{}, r.PostLogoutURIs...), BackchannelLogoutUri: r.BackchannelLogoutURI,
			Public: r.Public, AllowWithoutPkce: r.AllowWithoutPKCE, Algorithm: r.algorithm(), KeySet: r.KeySet,
		})
		if err != nil {
			return fmt.Errorf("register an OpenID Connect client: %w", err)
		}
		if r.Public || r.KeySet != nil {
			return nil
		}
		secret, err = s.addSecret(ctx, tx, id)
		return err
	})
	return id, clientID, secret, err
}

func (r Registration) algorithm() string {
	if r.ES256 {
		return string(jose.ES256)
	}
	return string(jose.RS256)
}

// Change makes an application and its client what a and r say; how the client says who it is stays as it was
// registered, and r.Public and r.KeySet do not count. It returns Problems, and what application.Service.Change returns.
func (s *Service) Change(
	ctx context.Context, a application.Application, r Registration, by audit.Person, address string,
) error {
	if err := s.check(a, r); err != nil {
		return err
	}
	return s.applications.Change(ctx, a, by, address, func(ctx context.Context, tx pgx.Tx, id int64) error {
		err := s.q.OIDCClientUpdate(ctx, tx, dbsqlc.OIDCClientUpdateParams{
			ApplicationID: id, RedirectUris: r.RedirectURIs, PostLogoutUris: append([]string{}, r.PostLogoutURIs...),
			BackchannelLogoutUri: r.BackchannelLogoutURI, AllowWithoutPkce: r.AllowWithoutPKCE, Algorithm: r.algorithm(),
		})
		if err != nil {
			return fmt.Errorf("change the OpenID Connect client of application %d: %w", id, err)
		}
		return nil
	})
}

// Registered is what a client is registered with.
type Registered struct {
	ClientID string
	Registration
	HasSecret bool // it says who it is with a secret
}

// Registered returns what the client of an application is registered with.
func (s *Service) Registered(ctx context.Context, applicationID int64) (Registered, error) {
	c, err := s.clientBy(ctx, dbsqlc.OIDCClientParams{ApplicationID: applicationID})
	if err != nil {
		return Registered{}, err
	}
	return Registered{
		ClientID: c.GetID(), HasSecret: c.AuthMethod() == oidc.AuthMethodBasic,
		Registration: Registration{
			RedirectURIs: c.row.RedirectUris, PostLogoutURIs: c.row.PostLogoutUris,
			BackchannelLogoutURI: c.row.BackchannelLogoutUri, Public: c.row.Public,
			AllowWithoutPKCE: c.row.AllowWithoutPkce, ES256: c.row.Algorithm == string(jose.ES256),
		},
	}, nil
}

// Issuer returns the issuer, as clients are set up with it.
func (s *Service) Issuer() string { return s.issuer }
