package federation

import (
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/internal/federation/federationtest"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// ASVS 10.1.1: what a provider gives is read and let go; neither its tokens nor the code for them stand in the
// database.
func TestNoTokenOfAProviderIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.link()
	browser, said := f.leave()
	read := func() string {
		return f.Text(`select string_agg(row, e'\n') from (
			select s::text as row from sessions s union all select f::text from sso_flows f
			union all select i::text from sso_identities i union all select p::text from sso_providers p
			union all select a::text from audit_events a) rows`)
	}
	during := read()
	if _, err := f.comeBack(browser, said); err != nil {
		t.Fatal(err)
	}
	after := read()
	jwt := regexp.MustCompile(`eyJ[\w-]+\.eyJ`)
	for _, text := range []string{during, after} {
		if jwt.MatchString(text) || strings.Contains(text, hex.EncodeToString([]byte("eyJ"))) {
			t.Errorf("the database has a token:\n%s", text)
		}
		for _, secret := range []string{"an access token", said.Get("code"), said.Get("state"), string(browser)} {
			if strings.Contains(text, secret) || strings.Contains(text, hex.EncodeToString([]byte(secret))) {
				t.Errorf("the database has something of the flow:\n%s", text)
			}
		}
	}
	if !strings.Contains(after, "subject-1") {
		t.Error("that is not where it would stand")
	}
}

// After a rotation a client secret opens without the old key; one that was moved to another office is left as it is,
// and told.
func TestClientSecretsAreSealedAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	oldText := keys.Generate()
	old, err := keys.Parse(oldText)
	if err != nil {
		t.Fatal(err)
	}
	f.sso.keys.Become(old)
	f.provide("ACME", Refuse)
	f.provide("OTHER", Refuse)
	newText := keys.Generate()
	both, err := keys.Parse(newText + oldText)
	if err != nil {
		t.Fatal(err)
	}
	f.sso.keys.Become(both)
	acme, other := f.users["ACME/boss"].OfficeID, f.users["OTHER/boss"].OfficeID
	f.Exec("update sso_providers set secret_ct = (select secret_ct from sso_providers where office_id = " + row(acme) +
		") where office_id = " + row(other))
	if next, err := f.sso.Reseal(f.ctx, 0); err == nil || next != 0 || !strings.Contains(err.Error(), "1 client secret") {
		t.Errorf("next %d, %v", next, err)
	}
	alone, err := keys.Parse(newText)
	if err != nil {
		t.Fatal(err)
	}
	f.sso.keys.Become(alone)
	sealed := dbtest.One[[]byte](t, f.pool, "select secret_ct from sso_providers where office_id = $1", acme)
	if plain, err := f.sso.keys.Open(purposeSecret, row(acme), sealed); err != nil ||
		string(plain) != federationtest.Secret {
		t.Errorf("without the old key: %v", err)
	}
}
