package issuer

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// ErrNoKey says that no key of this id stands in the published set.
var ErrNoKey = fault.New(fault.NotFound, "no such signing key")

// algorithms are those that ID tokens are signed with: the one that every client has to know, and the shorter one.
func algorithms() []jose.SignatureAlgorithm { return []jose.SignatureAlgorithm{jose.RS256, jose.ES256} }

// purposeKey is what a private key is sealed for; the key's id is the associated data.
const purposeKey = "signing key"

// Key is one of the published set.
type Key struct {
	ID        string // the thumbprint of the public key (RFC 7638)
	Algorithm jose.SignatureAlgorithm
	Public    crypto.PublicKey
	SignsFrom time.Time
	Signs     bool // it signs now
}

// Keys are what tokens and assertions are signed with, on every node alike.
type Keys struct {
	pool *db.Pool
	q    *dbsqlc.Queries
	ring *keys.Ring
	log  *audit.Log

	mu     sync.Mutex
	opened map[string]crypto.Signer // by id; a handful, and none that is not published
}

// NewKeys returns the Keys of an installation.
func NewKeys(pool *db.Pool, ring *keys.Ring, log *audit.Log) *Keys {
	return &Keys{pool: pool, q: dbsqlc.New(), ring: ring, log: log, opened: map[string]crypto.Signer{}}
}

// Published returns the keys by which a signature of ours is checked. The first call of an installation makes them.
func (k *Keys) Published(ctx context.Context) ([]Key, error) {
	rows, err := k.q.SigningKeyPublished(ctx, k.pool)
	if err == nil && len(rows) == 0 {
		if err = k.Rotate(ctx); err == nil {
			rows, err = k.q.SigningKeyPublished(ctx, k.pool)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list the signing keys: %w", err)
	}
	published := make([]Key, len(rows))
	for i, r := range rows {
		public, err := x509.ParsePKIXPublicKey(r.PublicKey)
		if err != nil {
			return nil, fmt.Errorf("read signing key %s: %w", r.Kid, err)
		}
		published[i] = Key{r.Kid, jose.SignatureAlgorithm(r.Algorithm), public, r.SignsFrom, r.Signs}
	}
	return published, nil
}

// signer returns what signs tokens of a type with the key of an algorithm that signs now.
func (k *Keys) signer(ctx context.Context, algorithm jose.SignatureAlgorithm, kind jose.ContentType) (
	jose.Signer, error,
) {
	id, private, err := k.signing(ctx, algorithm)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: private, KeyID: id}},
		(&jose.SignerOptions{}).WithType(kind))
	if err != nil {
		return nil, fmt.Errorf("sign with key %s: %w", id, err)
	}
	return signer, nil
}

// signing returns the key of an algorithm that signs now: asked of the database each time, so that a revoked key signs
// nothing from the next statement on; opened once.
func (k *Keys) signing(ctx context.Context, algorithm jose.SignatureAlgorithm) (id string, _ crypto.Signer, _ error) {
	row, err := k.q.SigningKeySigns(ctx, k.pool, string(algorithm))
	if errors.Is(err, pgx.ErrNoRows) {
		if err = k.Rotate(ctx); err == nil {
			row, err = k.q.SigningKeySigns(ctx, k.pool, string(algorithm))
		}
	}
	if err != nil {
		return "", nil, fmt.Errorf("find the key that signs %s: %w", algorithm, err)
	}
	k.mu.Lock()
	private, ok := k.opened[row.Kid]
	k.mu.Unlock()
	if ok {
		return row.Kid, private, nil
	}
	plain, err := k.ring.Open(purposeKey, row.Kid, row.PrivateCt)
	if err != nil {
		return "", nil, fmt.Errorf("open signing key %s: %w", row.Kid, err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return "", nil, fmt.Errorf("read signing key %s: %w", row.Kid, err)
	}
	private, ok = parsed.(crypto.Signer)
	if !ok {
		return "", nil, fmt.Errorf("signing key %s signs nothing", row.Kid)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.opened) > 8 { // those before are not asked for any more
		clear(k.opened)
	}
	k.opened[row.Kid] = private
	return row.Kid, private, nil
}

// Rotate makes the keys that are due, and deletes those that stand in no set any more. Any number of nodes may call it.
func (k *Keys) Rotate(ctx context.Context) error {
	for _, algorithm := range algorithms() {
		due, err := k.q.SigningKeyDue(ctx, k.pool, string(algorithm))
		if err != nil {
			return fmt.Errorf("ask whether a signing key is due: %w", err)
		}
		if !due {
			continue
		}
		if err := k.add(ctx, algorithm); err != nil {
			return err
		}
	}
	if err := db.Drain(ctx, k.pool, k.q.SigningKeyDeleteOld); err != nil {
		return fmt.Errorf("delete old signing keys: %w", err)
	}
	return nil
}

// add makes a key, outside the transaction that keeps it, when one is still due.
func (k *Keys) add(ctx context.Context, algorithm jose.SignatureAlgorithm) error {
	private, err := generate(algorithm)
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return fmt.Errorf("write a public key: %w", err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("write a private key: %w", err)
	}
	thumb, err := (&jose.JSONWebKey{Key: private.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		return fmt.Errorf("name a signing key: %w", err)
	}
	id := base64.RawURLEncoding.EncodeToString(thumb)
	return db.InTx(ctx, k.pool, func(tx pgx.Tx) error {
		if err := k.q.SigningKeyLock(ctx, tx); err != nil {
			return fmt.Errorf("wait for others who make signing keys: %w", err)
		}
		n, err := k.q.SigningKeyInsert(ctx, tx, dbsqlc.SigningKeyInsertParams{
			Kid: id, Algorithm: string(algorithm), PublicKey: public, PrivateCt: k.ring.Seal(purposeKey, id, plain),
		})
		if err != nil {
			return fmt.Errorf("keep a signing key: %w", err)
		}
		if n == 0 {
			return nil // another node was first
		}
		return k.log.Write(ctx, tx, audit.Event{
			Actor: audit.Person{Name: "nightlatch"}, Action: audit.SigningKeyMade, Detail: string(algorithm) + " " + id,
		})
	})
}

// rsaBits is what RS256 is signed with: 2048 is the least that clients take, and ID tokens live for minutes.
const rsaBits = 2048

func generate(algorithm jose.SignatureAlgorithm) (crypto.Signer, error) {
	if algorithm == jose.ES256 {
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, rsaBits)
}

// Revoke takes a key out of the set at once; the next one signs in its place, and the database forgets the private key.
// It returns ErrNoKey.
func (k *Keys) Revoke(ctx context.Context, id string, by audit.Person) error {
	published, err := k.Published(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(published, func(key Key) bool { return key.ID == id }) {
		return ErrNoKey
	}
	err = db.InTx(ctx, k.pool, func(tx pgx.Tx) error {
		n, err := k.q.SigningKeyRevoke(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("revoke signing key %s: %w", id, err)
		}
		if n == 0 {
			return ErrNoKey
		}
		return k.log.Write(ctx, tx, audit.Event{Actor: by, Action: audit.SigningKeyRevoked, Detail: id})
	})
	if err != nil {
		return err
	}
	return k.Rotate(ctx) // none may be left
}

// resealBatch is how many keys one call of Reseal takes.
const resealBatch = 100

// Reseal seals anew what an older master key sealed: see federation.Service.Reseal.
func (k *Keys) Reseal(ctx context.Context, after int64) (next int64, err error) {
	rows, err := k.q.ResealSigningKeyList(ctx, k.pool, dbsqlc.ResealSigningKeyListParams{
		After: after, KeyID: k.ring.SealingID(), Batch: resealBatch,
	})
	if err != nil {
		return after, fmt.Errorf("list what an older key sealed: %w", err)
	}
	unreadable := 0
	for _, r := range rows {
		plain, err := k.ring.Open(purposeKey, r.Kid, r.PrivateCt)
		if err != nil {
			unreadable++
			continue
		}
		_, err = k.q.ResealSigningKey(ctx, k.pool, dbsqlc.ResealSigningKeyParams{
			ID: r.ID, Before: r.PrivateCt, SealedAnew: k.ring.Seal(purposeKey, r.Kid, plain),
		})
		if err != nil {
			return after, fmt.Errorf("seal signing key %s anew: %w", r.Kid, err)
		}
	}
	if len(rows) == resealBatch {
		next = rows[len(rows)-1].ID
	}
	if unreadable > 0 {
		err = fmt.Errorf("%d signing keys: %w", unreadable, keys.ErrOpen)
	}
	return next, err
}
