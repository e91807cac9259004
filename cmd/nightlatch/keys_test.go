package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/keys"
)

// copyFile brings one node's key file to another, as an operator does.
func copyFile(t testing.TB, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(to+".new", to); err != nil {
		t.Fatal(err)
	}
}

func ringOf(t testing.TB, path string) *keys.Ring {
	t.Helper()
	ring, err := keys.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// The master key is changed while two nodes serve, each with a key file of its own, and while users stand in the middle of
// their log-ins: everything goes on, on both, at every step.
func TestTheKeyIsRotatedUnderTwoNodesInTheMiddleOfLogIns(t *testing.T) {
	t.Parallel()
	in := install(t)
	fileOne := in.env["NIGHTLATCH_KEY_FILE"]
	fileTwo := keyFile(t, "", 0o600)
	copyFile(t, fileOne, fileTwo)
	envTwo := with(in.env, "NIGHTLATCH_KEY_FILE", fileTwo)
	one, two := spawn(t, in.env), spawn(t, envTwo)
	for _, name := range []string{"apple", "berry", "sms1", "sms2", "sms3"} {
		number := ""
		if strings.HasPrefix(name, "sms") {
			number = "+3161234567" + name[3:]
		}
		in.user(name, "user", number)
	}
	before := ringOf(t, fileOne).Fingerprint()

	// An app and recovery codes of the old key.
	b := newBrowser(t, one.url)
	b.logIn("ACME", "apple", password).on("/login/method")
	setup := b.get("/login/app/setup")
	secret := secretOn(t, setup)
	sheet := setup.press("Verify", "code", appCode(t, secret, -1)).on("/settings/me/recovery-codes")
	codes := recoveryOn(sheet)
	sheet.press("I have kept these codes").on("/settings/me")
	// A code on its way, and an app in the middle of being set up.
	waits := newBrowser(t, one.url)
	waits.logIn("ACME", "sms1", password).on("/login/code")
	firstCode := codeIn(t, in.texts(1, 10*time.Second)[0].Text)
	half := newBrowser(t, two.url)
	half.logIn("ACME", "berry", password).on("/login/method")
	halfSetup := half.get("/login/app/setup")

	// The new key comes to one node. Nothing is sealed with it yet.
	if said := succeeds(t, in.env, "", "keys", "rotate"); !strings.Contains(said, "seals nothing yet") {
		t.Errorf("rotate says %q", said)
	}
	after := ringOf(t, fileOne).Fingerprint()
	if after == before || ringOf(t, fileOne).Fingerprints()[1] != before {
		t.Fatal("the new key is not the first line, or the old one is gone")
	}
	refused(t, in.env, "", []string{"keys", "rotate"}, after, "waits already")
	refused(t, envTwo, "", []string{"keys", "rotate"}, after, "another node", "--anew")
	examined(t, in.env).says("warning", after, "--promote")
	eventually(t, 15*time.Second, "one node has the new key", func() bool {
		return in.ask("select count(*) from key_holders where $1 = any(fingerprints)", after) == "1"
	})
	// The other has not: promotion is refused and says where.
	refused(t, in.env, "", []string{"keys", "rotate", "--promote"}, "not reached every node", "process")
	late := newBrowser(t, one.url)
	late.logIn("ACME", "sms2", password).on("/login/code")
	secondCode := codeIn(t, in.texts(2, 10*time.Second)[1].Text)
	lateOnTwo := newBrowser(t, two.url)
	lateOnTwo.client.Jar.SetCookies(mustURL(t, two.url), late.client.Jar.Cookies(mustURL(t, one.url)))
	lateOnTwo.enters(secondCode).on("/settings/me") // what the new node sealed, the old one opens

	// Half a file, cut off in the copy, changes nothing, and the node goes on.
	whole, err := os.ReadFile(fileOne)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fileTwo, whole[:60], 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, 15*time.Second, "the second node says that its file is wrong", func() bool {
		return strings.Contains(two.log.String(), "is not a base64 key")
	})
	refused(t, envTwo, "", []string{"serve"}, "line 2", "not a base64 key")
	halfSetup.press("Verify", "code", appCode(t, secretOn(t, halfSetup), -1)).on("/settings/me/recovery-codes").press("I have kept these codes").on("/settings/me")

	copyFile(t, fileOne, fileTwo)
	eventually(t, 15*time.Second, "both nodes have the new key", func() bool {
		return in.ask("select count(*) from key_holders where $1 = any(fingerprints)", after) == "2"
	})
	if said := succeeds(t, in.env, "", "keys", "status"); !strings.Contains(said, "waits for --promote") || !strings.Contains(said, "2 of 2") {
		t.Errorf("status says\n%s", said)
	}
	dumpBefore := in.ask("select string_agg(encode(substring(secret_ct from 2 for 4), 'hex'), ' ') from authenticators")
	succeeds(t, in.env, "", "keys", "rotate", "--promote")
	refused(t, in.env, "", []string{"keys", "rotate", "--promote"}, "seals already")

	// The code from before the rotation works after it, on the node that did not make it.
	waitsOnTwo := newBrowser(t, two.url)
	waitsOnTwo.client.Jar.SetCookies(mustURL(t, two.url), waits.client.Jar.Cookies(mustURL(t, one.url)))
	waitsOnTwo.enters(firstCode).on("/settings/me")

	// The job seals the apps anew; what stands in the database before and after are different keys.
	newRing := ringOf(t, fileOne)
	eventually(t, time.Minute, "the apps' secrets are sealed with the new key", func() bool {
		return in.ask("select count(*) from authenticators where substring(secret_ct from 2 for 4) <> $1", newRing.SealingID()) == "0"
	})
	dumpAfter := in.ask("select string_agg(encode(substring(secret_ct from 2 for 4), 'hex'), ' ') from authenticators")
	if len(dumpBefore) != 17 || len(dumpAfter) != 17 || dumpBefore == dumpAfter {
		t.Errorf("the keys of the dump were %q and are %q", dumpBefore, dumpAfter)
	}
	again := newBrowser(t, two.url)
	again.logIn("ACME", "apple", password).on("/login/app").press("Verify", "code", appCode(t, secret, 0)).on("/settings/me")
	lost := newBrowser(t, one.url)
	lost.logIn("ACME", "apple", password).on("/login/app")
	lost.get("/login/recovery").press("Verify", "code", codes[0]).on("/settings/me").says("9 codes are left")
	// What is made now is made with the new key.
	fresh := newBrowser(t, one.url)
	fresh.logIn("ACME", "sms3", password).on("/login/code")
	fresh.enters(codeIn(t, in.texts(3, 10*time.Second)[2].Text)).on("/settings/me")

	// The recovery codes still need the old key, and status says so; a file without it is missed.
	said := succeeds(t, in.env, "", "keys", "status")
	if !lineWith(said, after, "seals") || !lineWith(said, before, "needed", "19") {
		t.Errorf("status says\n%s", said)
	}
	first, _, _ := strings.Cut(string(whole), "\n")
	short := with(in.env, "NIGHTLATCH_KEY_FILE", keyFile(t, first+"\n", 0o600))
	examined(t, short).says("problem", "not in the key file", "19 recovery codes")
	// New codes of both users, and nothing needs it any more.
	in.exec("delete from recovery_codes")
	if said := succeeds(t, in.env, "", "keys", "status"); !lineWith(said, before, "not needed") {
		t.Errorf("status says\n%s", said)
	}
	copyFile(t, short["NIGHTLATCH_KEY_FILE"], fileOne)
	copyFile(t, short["NIGHTLATCH_KEY_FILE"], fileTwo)
	eventually(t, 15*time.Second, "the old key is forgotten", func() bool {
		return in.ask("select count(*) from key_holders where $1 = any(fingerprints)", before) == "0"
	})
	third := newBrowser(t, one.url)
	third.logIn("ACME", "apple", password).on("/login/app").press("Verify", "code", appCode(t, secret, 1)).on("/settings/me")

	// A node that was down meanwhile does not start with the file of before.
	old := keyFile(t, string(whole[45:]), 0o600)
	refused(t, with(in.env, "NIGHTLATCH_KEY_FILE", old), "", []string{"serve"}, after, "copy the key file of another node")
	if n := in.ask("select count(*) from audit_events where action in ('key_added', 'key_promoted')"); n != "2" {
		t.Errorf("%s events are in the audit log", n)
	}
	for _, text := range []string{said, one.log.String(), two.log.String(), in.ask("select string_agg(e::text, ' ') from audit_events e")} {
		if strings.Contains(text, first) || strings.Contains(text, string(whole[45:89])) {
			t.Error("a key is shown")
		}
	}
}

// lineWith reports whether one line holds all words.
func lineWith(text string, words ...string) bool {
	for _, l := range strings.Split(text, "\n") {
		all := true
		for _, w := range words {
			all = all && strings.Contains(l, w)
		}
		if all {
			return true
		}
	}
	return false
}

func TestALostNewKeyIsReplacedByAnother(t *testing.T) {
	t.Parallel()
	in := install(t)
	ours := in.env["NIGHTLATCH_KEY_FILE"]
	lost := with(in.env, "NIGHTLATCH_KEY_FILE", keyFile(t, "", 0o600))
	copyFile(t, ours, lost["NIGHTLATCH_KEY_FILE"])
	succeeds(t, lost, "", "keys", "rotate")
	refused(t, in.env, "", []string{"keys", "rotate", "--promote"}, "another node", "--anew")
	succeeds(t, in.env, "", "keys", "rotate", "--anew")
	succeeds(t, in.env, "", "keys", "rotate", "--promote")
	// The file with the lost key has not the one that seals.
	refused(t, lost, "", []string{"keys", "status"}, "copy the key file of another node")
	serving(t, in.env)
}
