package program_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
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

// The master key is changed while two nodes serve, each with a key file of its own, and while users stand in the middle
// of their log-ins: everything goes on, on both, at every step.
func TestTheKeyIsRotatedUnderTwoNodesInTheMiddleOfLogIns(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	fileOne := in.Env["NIGHTLATCH_KEY_FILE"]
	fileTwo := program.KeyFile(t, "", 0o600)
	copyFile(t, fileOne, fileTwo)
	envTwo := program.With(in.Env, "NIGHTLATCH_KEY_FILE", fileTwo)
	one, two := program.Spawn(t, in.Env), program.Spawn(t, envTwo)
	for _, name := range []string{"apple", "berry", "sms1", "sms2", "sms3"} {
		number := ""
		if strings.HasPrefix(name, "sms") {
			number = "+3161234567" + name[3:]
		}
		in.User(name, "user", number)
	}
	before := ringOf(t, fileOne).Fingerprint()

	// An app and recovery codes of the old key.
	b := program.NewBrowser(t, one.URL)
	b.LogIn("ACME", "apple", program.Password).On("/login/method")
	setup := b.Get("/login/app/setup")
	secret := program.SecretOn(t, setup)
	sheet := setup.Press("Verify", "code", program.AppCode(t, secret, -1)).On("/settings/me/recovery-codes")
	codes := program.RecoveryOn(sheet)
	sheet.Press("I have kept these codes").On("/settings/me")
	// A code on its way, and an app in the middle of being set up.
	waits := program.NewBrowser(t, one.URL)
	waits.LogIn("ACME", "sms1", program.Password).On("/login/code")
	firstCode := program.CodeIn(t, in.Texts(1, 10*time.Second)[0].Text)
	half := program.NewBrowser(t, two.URL)
	half.LogIn("ACME", "berry", program.Password).On("/login/method")
	halfSetup := half.Get("/login/app/setup")

	// The new key comes to one node. Nothing is sealed with it yet.
	if said := program.Succeeds(t, in.Env, "", "keys", "rotate"); !strings.Contains(said, "seals nothing yet") {
		t.Errorf("rotate says %q", said)
	}
	after := ringOf(t, fileOne).Fingerprint()
	if after == before || ringOf(t, fileOne).Fingerprints()[1] != before {
		t.Fatal("the new key is not the first line, or the old one is gone")
	}
	program.Refused(t, in.Env, "", []string{"keys", "rotate"}, after, "waits already")
	program.Refused(t, envTwo, "", []string{"keys", "rotate"}, after, "another node", "--anew")
	examined(t, in.Env).says("warning", after, "--promote")
	program.Eventually(t, 15*time.Second, "one node has the new key", func() bool {
		return in.Ask("select count(*) from key_holders where $1 = any(fingerprints)", after) == "1"
	})
	// The other has not: promotion is refused and says where.
	program.Refused(t, in.Env, "", []string{"keys", "rotate", "--promote"}, "not reached every node", "process")
	late := program.NewBrowser(t, one.URL)
	late.LogIn("ACME", "sms2", program.Password).On("/login/code")
	secondCode := program.CodeIn(t, in.Texts(2, 10*time.Second)[1].Text)
	lateOnTwo := program.NewBrowser(t, two.URL)
	lateOnTwo.Client.Jar.SetCookies(program.MustURL(t, two.URL), late.Client.Jar.Cookies(program.MustURL(t, one.URL)))
	lateOnTwo.Enters(secondCode).On("/settings/me") // what the new node sealed, the old one opens

	// Half a file, cut off in the copy, changes nothing, and the node goes on.
	whole, err := os.ReadFile(fileOne)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fileTwo, whole[:60], 0o600); err != nil {
		t.Fatal(err)
	}
	program.Eventually(t, 15*time.Second, "the second node says that its file is wrong", func() bool {
		return strings.Contains(two.Log.String(), "is not a base64 key")
	})
	program.Refused(t, envTwo, "", []string{"serve"}, "line 2", "not a base64 key")
	halfSetup.Press("Verify", "code", program.AppCode(t, program.SecretOn(t, halfSetup), -1)).On(
		"/settings/me/recovery-codes").Press("I have kept these codes").On("/settings/me")

	copyFile(t, fileOne, fileTwo)
	program.Eventually(t, 15*time.Second, "both nodes have the new key", func() bool {
		return in.Ask("select count(*) from key_holders where $1 = any(fingerprints)", after) == "2"
	})
	if said := program.Succeeds(t, in.Env, "", "keys", "status"); !strings.Contains(said, "waits for --promote") ||
		!strings.Contains(said, "2 of 2") {
		t.Errorf("status says\n%s", said)
	}
	dumpBefore := in.Ask("select string_agg(encode(substring(secret_ct from 2 for 4), 'hex'), ' ') from authenticators")
	program.Succeeds(t, in.Env, "", "keys", "rotate", "--promote")
	program.Refused(t, in.Env, "", []string{"keys", "rotate", "--promote"}, "seals already")

	// The code from before the rotation works after it, on the node that did not make it.
	waitsOnTwo := program.NewBrowser(t, two.URL)
	waitsOnTwo.Client.Jar.SetCookies(program.MustURL(t, two.URL), waits.Client.Jar.Cookies(program.MustURL(t, one.URL)))
	waitsOnTwo.Enters(firstCode).On("/settings/me")

	// The job seals the apps anew; what stands in the database before and after are different keys.
	newRing := ringOf(t, fileOne)
	program.Eventually(t, time.Minute, "the apps' secrets are sealed with the new key", func() bool {
		return in.Ask("select count(*) from authenticators where substring(secret_ct from 2 for 4) <> $1",
			newRing.SealingID()) == "0"
	})
	dumpAfter := in.Ask("select string_agg(encode(substring(secret_ct from 2 for 4), 'hex'), ' ') from authenticators")
	if len(dumpBefore) != 17 || len(dumpAfter) != 17 || dumpBefore == dumpAfter {
		t.Errorf("the keys of the dump were %q and are %q", dumpBefore, dumpAfter)
	}
	again := program.NewBrowser(t, two.URL)
	again.LogIn("ACME", "apple", program.Password).On("/login/app").Press("Verify", "code", program.AppCode(t, secret, 0)).
		On("/settings/me")
	lost := program.NewBrowser(t, one.URL)
	lost.LogIn("ACME", "apple", program.Password).On("/login/app")
	lost.Get("/login/recovery").Press("Verify", "code", codes[0]).On("/settings/me").Says("9 codes are left")
	// What is made now is made with the new key.
	fresh := program.NewBrowser(t, one.URL)
	fresh.LogIn("ACME", "sms3", program.Password).On("/login/code")
	fresh.Enters(program.CodeIn(t, in.Texts(3, 10*time.Second)[2].Text)).On("/settings/me")

	// The recovery codes still need the old key, and status says so; a file without it is missed.
	said := program.Succeeds(t, in.Env, "", "keys", "status")
	if !lineWith(said, after, "seals") || !lineWith(said, before, "needed", "19") {
		t.Errorf("status says\n%s", said)
	}
	first, _, _ := strings.Cut(string(whole), "\n")
	short := program.With(in.Env, "NIGHTLATCH_KEY_FILE", program.KeyFile(t, first+"\n", 0o600))
	examined(t, short).says("problem", "not in the key file", "19 recovery codes")
	// New codes of both users, the answers to the last forms over by then, and nothing needs it any more.
	in.Exec("delete from recovery_codes")
	in.Exec("update kept_answers set until = now()")
	if said := program.Succeeds(t, in.Env, "", "keys", "status"); !lineWith(said, before, "not needed") {
		t.Errorf("status says\n%s", said)
	}
	copyFile(t, short["NIGHTLATCH_KEY_FILE"], fileOne)
	copyFile(t, short["NIGHTLATCH_KEY_FILE"], fileTwo)
	program.Eventually(t, 15*time.Second, "the old key is forgotten", func() bool {
		return in.Ask("select count(*) from key_holders where $1 = any(fingerprints)", before) == "0"
	})
	third := program.NewBrowser(t, one.URL)
	third.LogIn("ACME", "apple", program.Password).On("/login/app").Press("Verify", "code", program.AppCode(t, secret, 1)).
		On("/settings/me")

	// A node that was down meanwhile does not start with the file of before.
	old := program.KeyFile(t, string(whole[45:]), 0o600)
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_KEY_FILE", old), "", []string{"serve"}, after,
		"copy the key file of another node")
	if n := in.Ask("select count(*) from audit_events where action in ('key_added', 'key_promoted')"); n != "2" {
		t.Errorf("%s events are in the audit log", n)
	}
	for _, text := range []string{said, one.Log.String(), two.Log.String(),
		in.Ask("select string_agg(e::text, ' ') from audit_events e")} {
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
	in := program.Install(t)
	ours := in.Env["NIGHTLATCH_KEY_FILE"]
	lost := program.With(in.Env, "NIGHTLATCH_KEY_FILE", program.KeyFile(t, "", 0o600))
	copyFile(t, ours, lost["NIGHTLATCH_KEY_FILE"])
	program.Succeeds(t, lost, "", "keys", "rotate")
	program.Refused(t, in.Env, "", []string{"keys", "rotate", "--promote"}, "another node", "--anew")
	program.Succeeds(t, in.Env, "", "keys", "rotate", "--anew")
	program.Succeeds(t, in.Env, "", "keys", "rotate", "--promote")
	// The file with the lost key has not the one that seals.
	program.Refused(t, lost, "", []string{"keys", "status"}, "copy the key file of another node")
	program.Spawn(t, in.Env)
}
