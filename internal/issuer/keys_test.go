package issuer

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/keys"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func published(t *testing.T, k *Keys, algorithm jose.SignatureAlgorithm) (ids []string, signs string) {
	t.Helper()
	all, err := k.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range all {
		if key.Algorithm != algorithm {
			continue
		}
		if ids = append(ids, key.ID); key.Signs {
			signs += key.ID
		}
	}
	return ids, signs
}

// signedWith checks a signature by the published set, and returns the id of its key.
func signedWith(t *testing.T, k *Keys, algorithm jose.SignatureAlgorithm) string {
	t.Helper()
	signer, err := k.signer(t.Context(), algorithm, "JWT")
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(map[string]any{"sub": "x"}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		t.Fatal(err)
	}
	all, err := k.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range all {
		var claims map[string]any
		if key.ID == parsed.Headers[0].KeyID && parsed.Claims(key.Public, &claims) == nil && claims["sub"] == "x" {
			return key.ID
		}
	}
	t.Fatalf("no published key has made %s", token)
	return ""
}

func TestAKeyIsPublishedBeforeItSignsAndAfter(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	ring := factory.Keys(t)
	k, other := NewKeys(pool, ring, factory.AuditLog()), NewKeys(pool, ring, factory.AuditLog())
	var all sync.WaitGroup // eight nodes that start together make one key of each algorithm
	for range 8 {
		all.Go(func() {
			if err := k.Rotate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	ids, first := published(t, k, jose.ES256)
	if n := d.Int("select count(*) from signing_keys"); n != 2 || len(ids) != 1 || ids[0] != first {
		t.Fatalf("%d keys are made, and %v are published", n, ids)
	}
	// The signature of one node is every node's, and with an algorithm of its own.
	if a, b := signedWith(t, k, jose.ES256), signedWith(t, other, jose.ES256); a != first || b != first {
		t.Errorf("%s and %s sign, not %s", a, b, first)
	}
	if rs := signedWith(t, k, jose.RS256); rs == first {
		t.Error("both algorithms have one key")
	}
	pass := func(age time.Duration) {
		t.Helper()
		d.Exec(fmt.Sprintf("update signing_keys set signs_from = signs_from - interval '%d seconds'", int(age.Seconds())))
		if err := k.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	const day = 24 * time.Hour
	pass(28*day + 23*time.Hour)
	if ids, signs := published(t, k, jose.ES256); len(ids) != 1 || signs != first {
		t.Fatalf("a day and more before the end %v are published", ids)
	}
	pass(2 * time.Hour)
	ids, signs := published(t, k, jose.ES256)
	if len(ids) != 2 || signs != first || signedWith(t, k, jose.ES256) != first {
		t.Fatalf("a day before the end %v are published, and %s signs", ids, signs)
	}
	second := ids[1]
	pass(day)
	if ids, signs = published(t, k, jose.ES256); len(ids) != 2 || signs != second ||
		signedWith(t, other, jose.ES256) != second {
		t.Fatalf("after its time %v are published, and %s signs", ids, signs)
	}
	pass(day)
	if ids, _ = published(t, k, jose.ES256); len(ids) != 1 || ids[0] != second {
		t.Fatalf("a day after %v are published", ids)
	}
	if n := d.Int("select count(*) from signing_keys"); n != 2 {
		t.Errorf("%d keys are kept", n)
	}
	// Nodes that were away for a year go on with what there is, and publish the next.
	pass(365 * day)
	if ids, signs = published(t, k, jose.ES256); len(ids) != 2 || signs != second {
		t.Errorf("after a year %v are published, and %s signs", ids, signs)
	}
	if n := d.Int("select count(*) from audit_events where action = 'signing_key_made'"); n != 6 {
		t.Errorf("%d keys are in the history", n)
	}
}

func TestARevokedKeySignsNothingFromThatMomentOn(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	ring := factory.Keys(t)
	k, other := NewKeys(pool, ring, factory.AuditLog()), NewKeys(pool, ring, factory.AuditLog())
	first := signedWith(t, k, jose.ES256)
	signedWith(t, other, jose.ES256) // it has the key in memory
	d.Exec("update signing_keys set signs_from = signs_from - interval '29 days 1 hour'")
	if err := k.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ids, _ := published(t, k, jose.ES256)
	if err := k.Revoke(t.Context(), first, audit.CommandLine); err != nil {
		t.Fatal(err)
	}
	// The next one, which everybody has seen, signs at once.
	if now := signedWith(t, other, jose.ES256); len(ids) != 2 || now != ids[1] {
		t.Errorf("%s signs, and %v were published", now, ids)
	}
	if left, _ := published(t, other, jose.ES256); len(left) != 1 || left[0] == first {
		t.Errorf("%v are published", left)
	}
	// Without a next one there is a new one.
	if err := k.Revoke(t.Context(), ids[1], audit.CommandLine); err != nil {
		t.Fatal(err)
	}
	if now := signedWith(t, other, jose.ES256); now == first || now == ids[1] {
		t.Error("a revoked key signs")
	}
	for _, id := range []string{first, "", "x"} {
		if err := k.Revoke(t.Context(), id, audit.CommandLine); err == nil {
			t.Errorf("%q is revoked again", id)
		}
	}
	if n := d.Int("select count(*) from signing_keys where revoked_at is not null and private_ct = ''"); n != 2 {
		t.Errorf("of %d revoked keys the private half is forgotten", n)
	}
}

func TestSigningKeysAreSealedAndSealedAnew(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	oldText := keys.Generate()
	ring, err := keys.Parse(oldText)
	if err != nil {
		t.Fatal(err)
	}
	k := NewKeys(pool, ring, factory.AuditLog())
	id := signedWith(t, k, jose.ES256)
	d.Exec("create table before as select kid, private_ct from signing_keys")
	if strings.Contains(d.Text("select encode(private_ct, 'base64') from before limit 1"),
		base64.StdEncoding.EncodeToString([]byte("PRIVATE"))) {
		t.Error("a private key is readable")
	}
	both, err := keys.Parse(keys.Generate() + oldText)
	if err != nil {
		t.Fatal(err)
	}
	ring.Become(both)
	for after := int64(0); ; {
		if after, err = k.Reseal(t.Context(), after); err != nil {
			t.Fatal(err)
		}
		if after == 0 {
			break
		}
	}
	if n := d.Int("select count(*) from signing_keys join before using (kid, private_ct)"); n != 0 {
		t.Errorf("%d keys are as they were", n)
	}
	if signedWith(t, NewKeys(pool, ring, factory.AuditLog()), jose.ES256) != id {
		t.Error("another key signs")
	}
	d.Exec("update signing_keys set private_ct = (select b.private_ct from before b where b.kid <> signing_keys.kid)")
	if _, err := NewKeys(pool, ring, factory.AuditLog()).signer(t.Context(), jose.ES256, "JWT"); err == nil {
		t.Error("a key from another row opens")
	}
}
