package twofactor_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/factor/passkey"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// device is an authenticator that can be made to lie.
type device struct {
	rp   virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

var ours = virtualwebauthn.RelyingParty{ID: "portal.example", Name: "Nightlatch", Origin: "https://portal.example"}

// newDevice returns a device with a new key. The library writes a coordinate that begins with a zero a byte too short.
func newDevice() *device {
	key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	for len(key.Key.AttestationData()) != 77 {
		key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return &device{ours, virtualwebauthn.NewAuthenticator(), key}
}

// newPasskeyFixture is a fixture with passkeys.
func newPasskeyFixture(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	kind, err := passkey.New(f.ring, &url.URL{Scheme: "https", Host: "portal.example"}, "Nightlatch")
	if err != nil {
		t.Fatal(err)
	}
	f.factors = twofactor.New(f.pool, f.ring, f.sessions, factory.Outbox{}, f.ways, factory.AuditLog(), nil, "Nightlatch",
		kind)
	return f
}

// ask returns the question that a session is asked with.
func (f *fixture) ask(sess session.Session, enrols bool) string {
	f.t.Helper()
	question, err := f.factors.Ask(context.Background(), sess, factor.Passkey, enrols)
	if err != nil {
		f.t.Fatal(err)
	}
	return question
}

// made answers the question for a new passkey.
func (d *device) made(t testing.TB, question string) string {
	t.Helper()
	options, err := virtualwebauthn.ParseAttestationOptions(question)
	if err != nil {
		t.Fatal(err)
	}
	d.auth.Options.UserHandle = []byte(options.UserID)
	return passkey.Response(virtualwebauthn.CreateAttestationResponse(d.rp, d.auth, d.key, *options), "My stick")
}

// proven answers the question for a passkey of the user's. Its counter is one further.
func (d *device) proven(t testing.TB, question string) string {
	t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(question)
	if err != nil {
		t.Fatal(err)
	}
	d.key.Counter++
	return passkey.Response(virtualwebauthn.CreateAssertionResponse(d.rp, d.auth, d.key, *options), "")
}

// enrol gives the user of a session the device's passkey.
func (f *fixture) enrol(sess session.Session, d *device) twofactor.Proven {
	f.t.Helper()
	proven, err := f.confirmPasskey(sess, d.made(f.t, f.ask(sess, true)))
	if err != nil {
		f.t.Fatal(err)
	}
	return proven
}

func (f *fixture) confirmPasskey(sess session.Session, answer string) (twofactor.Proven, error) {
	return f.factors.ConfirmEnrolment(context.Background(), sess, browser, factor.Passkey, answer)
}

func (f *fixture) provePasskey(sess session.Session, answer string) (twofactor.Proven, error) {
	return f.factors.Prove(context.Background(), sess, browser, factor.Passkey, answer)
}

func TestAPasskeyIsEnrolledProvenAndRemoved(t *testing.T) {
	t.Parallel()
	f := newPasskeyFixture(t)
	ctx, u, d := t.Context(), f.user(f.office("ACME", required), account.RoleUser), newDevice()

	// Enrolled at the first log-in, which it completes, with recovery codes.
	proven := f.enrol(f.begin(u), d)
	if proven.Purpose != factor.PurposeEnrol || !proven.NewCodes {
		t.Errorf("the enrolment was %+v", proven)
	}
	in := f.load(proven.Token)
	if in.Pending() || in.Methods[1] != string(passkey.Hardware) {
		t.Errorf("the session is %+v", in)
	}

	// Asked for at the next log-in, and proven there; a synced one says so.
	pending := f.begin(u)
	if step, kind := f.factors.Next(pending.Factors, false); step != twofactor.StepProve || kind != factor.Passkey {
		t.Errorf("the next step is %s of %s", step, kind)
	}
	var err error
	if proven, err = f.provePasskey(pending, d.proven(t, f.ask(pending, false))); err != nil {
		t.Fatal(err)
	}
	in = f.load(proven.Token)
	if in.Pending() || !in.FreshFactor() {
		t.Errorf("the session is %+v", in)
	}
	if n := f.Int("select sign_count from passkeys where used_at is not null"); n != 1 {
		t.Errorf("the passkey counts %d", n)
	}

	// A second one stands beside it, with codes of before. It is on several devices.
	synced := newDevice()
	synced.auth.Options.BackupEligible, synced.auth.Options.BackupState = true, true
	proven = f.enrol(in, synced)
	if in = f.load(proven.Token); proven.NewCodes || in.Methods[1] != string(passkey.Software) {
		t.Errorf("the second enrolment was %+v of %v", proven, in.Methods)
	}
	items, err := f.factors.Items(ctx, u.ID, factor.Passkey)
	if err != nil || len(items) != 2 || items[0].Name != "My stick" || items[0].Shared || !items[1].Shared {
		t.Fatalf("%+v, %v", items, err)
	}
	if strings.Contains(f.ask(in, true), u.Name+" (") != true {
		t.Error("the authenticator is not told whose passkey it is")
	}

	// One goes, and opens nothing; the last stays, as the office demands one.
	is(t, f.factors.RemoveItem(ctx, in, browser, factor.Passkey, items[0].ID), nil)
	pending = f.begin(u)
	_, err = f.provePasskey(pending, d.proven(t, f.ask(pending, false)))
	wrong(t, err, 4)
	is(t, f.factors.RemoveItem(ctx, in, browser, factor.Passkey, items[1].ID), twofactor.ErrLastFactor)
	is(t, f.factors.RemoveItem(ctx, in, browser, factor.App, 1), fault.NotFound)
	f.Exec("update offices set two_factor_required = false")
	is(t, f.factors.RemoveItem(ctx, in, browser, factor.Passkey, items[0].ID), twofactor.ErrOver)
	is(t, f.factors.RemoveItem(ctx, in, browser, factor.Passkey, items[1].ID), nil)
	if n := f.Int("select count(*) from recovery_codes where user_id = $1", u.ID); n != 0 {
		t.Errorf("%d recovery codes are left without a factor", n)
	}
	if added, gone := f.audited(audit.PasskeyAdded), f.audited(audit.PasskeyRemoved); added != 2 || gone != 2 {
		t.Errorf("%d were added and %d removed, says the history", added, gone)
	}
}

// A passkey gets another name by its user alone, in their words: the history has both.
func TestAPasskeyIsRenamed(t *testing.T) {
	t.Parallel()
	f := newPasskeyFixture(t)
	ctx, office := context.Background(), f.office("ACME", required)
	u, other := f.user(office, account.RoleUser), f.user(office, account.RoleUser)
	in := f.load(f.enrol(f.begin(u), newDevice()).Token)
	theirs := f.load(f.enrol(f.begin(other), newDevice()).Token)
	id := f.ID("select id from passkeys where user_id = $1", u.ID)
	rename := func(sess session.Session, id int64, name string) error {
		return f.factors.RenameItem(ctx, sess, browser, factor.Passkey, id, name)
	}
	named := func() string { return f.Text("select name from passkeys where id = $1", id) }

	is(t, rename(in, id, "  Phone of\u200b\tAda "), nil)
	is(t, rename(in, id, "Phone of Ada"), nil) // as it is called already
	if named() != "Phone of Ada" || f.audited(audit.PasskeyRenamed) != 1 {
		t.Errorf("it is called %q, and the history has %d", named(), f.audited(audit.PasskeyRenamed))
	}
	if detail := f.Text("select detail from audit_events where action = 'passkey_renamed'"); detail !=
		"My stick → Phone of Ada" {
		t.Errorf("the history says %q", detail)
	}
	is(t, rename(in, id, strings.Repeat("é", factor.MaxItemName)), nil)
	is(t, rename(in, id, " \u200b "), twofactor.ErrNoName)
	is(t, rename(in, id, strings.Repeat("x", factor.MaxItemName+1)), twofactor.ErrLongName)
	is(t, rename(theirs, id, "Mine"), twofactor.ErrOver)
	is(t, rename(f.begin(u), id, "Mine"), twofactor.ErrOver) // whoever knows the password alone
	is(t, f.factors.RenameItem(ctx, in, browser, factor.App, id, "Mine"), fault.NotFound)
	f.Exec("update sessions set level = 1, second_factor_at = null, pass_until = expires_at where id = $1", theirs.ID)
	is(t, rename(theirs, f.ID("select id from passkeys where user_id = $1", other.ID), "Mine"), session.ErrLimited)
	if named() != strings.Repeat("é", factor.MaxItemName) {
		t.Errorf("it is called %q", named())
	}
}

func TestAForgedPasskeyProvesNothing(t *testing.T) {
	t.Parallel()
	f := newPasskeyFixture(t)
	office := f.office("ACME", required)
	u, other, d, theirs := f.user(office, account.RoleUser), f.user(office, account.RoleUser), newDevice(), newDevice()
	f.enrol(f.begin(u), d)
	f.enrol(f.begin(other), theirs)

	for name, forge := range map[string]func(sess session.Session) string{
		"another origin": func(sess session.Session) string {
			far := *d
			far.rp.Origin = "https://portal.example.evil.test"
			return far.proven(t, f.ask(sess, false))
		},
		"another relying party": func(sess session.Session) string {
			far := *d
			far.rp.ID = "evil.test"
			return far.proven(t, f.ask(sess, false))
		},
		"another user's passkey": func(sess session.Session) string { return theirs.proven(t, f.ask(sess, false)) },
		"another user's, as the own": func(sess session.Session) string {
			far := *theirs
			far.auth.Options.UserHandle = d.auth.Options.UserHandle
			return far.proven(t, f.ask(sess, false))
		},
		"a key of nobody under the own id": func(sess session.Session) string {
			far := *newDevice()
			far.auth, far.key.ID = d.auth, d.key.ID
			return far.proven(t, f.ask(sess, false))
		},
		"the challenge of another session": func(session.Session) string {
			return d.proven(t, f.ask(f.signedIn(u, 0), false))
		},
		"the challenge for a new passkey": func(session.Session) string {
			return d.proven(t, f.ask(f.signedIn(u, 0), true))
		},
		"nobody there": func(sess session.Session) string {
			far := *d
			far.auth.Options.UserNotPresent = true
			return far.proven(t, f.ask(sess, false))
		},
		"a new passkey": func(sess session.Session) string { return newDevice().made(t, f.ask(sess, false)) },
		"nothing":       func(session.Session) string { return passkey.Response("{}", "") },
	} {
		pending := f.begin(u)
		_, err := f.provePasskey(pending, forge(pending))
		if err == nil || f.load0(pending).Level > 1 {
			t.Errorf("%s opened: %v", name, err)
		}
		wrong(t, err, 4)
		f.Exec("delete from factor_failures")
	}
	if _, err := f.provePasskey(f.begin(u), passkey.Response("no JSON", "")); err == nil {
		t.Error("no JSON opened")
	}

	// What was enrolled is somebody's: nobody else gets it.
	in := f.signedIn(other, 0)
	_, err := f.confirmPasskey(in, d.made(t, f.ask(in, true)))
	is(t, err, factor.ErrHasFactor)
	far := newDevice()
	far.rp.Origin = "https://evil.test"
	_, err = f.confirmPasskey(in, far.made(t, f.ask(in, true)))
	wrong(t, err, 3)
}

// load0 reads a session again, which may be pending.
func (f *fixture) load0(sess session.Session) session.Session {
	f.t.Helper()
	sess.Level = f.Int("select level from sessions where id = $1", sess.ID)
	return sess
}

func TestAPasskeysChallengeServesOnceAndForFiveMinutes(t *testing.T) {
	t.Parallel()
	f := newPasskeyFixture(t)
	u, d := f.user(f.office("ACME", required), account.RoleUser), newDevice()
	f.enrol(f.begin(u), d)

	// Of many answers at once, and all later ones, one counts.
	pending := f.begin(u)
	answer := d.proven(t, f.ask(pending, false))
	results := atOnce(8, func(int) error { _, err := f.provePasskey(pending, answer); return err })
	if n := succeeded(results); n != 1 {
		t.Errorf("%d of eight answers were right", n)
	}
	f.Exec("delete from factor_failures")
	f.Exec("update sessions set proof_tries = 0")
	_, err := f.provePasskey(f.signedIn(u, 0), answer)
	if err == nil {
		t.Error("an answer opened another session")
	}
	question := f.ask(f.load0(pending), false)
	if _, err := f.provePasskey(pending, d.proven(t, question)); err != nil {
		t.Errorf("a step-up: %v", err)
	}
	_, err = f.provePasskey(pending, d.proven(t, question))
	is(t, err, twofactor.ErrOver)

	// Too late, by the database's clock.
	late := f.begin(u)
	answer = d.proven(t, f.ask(late, false))
	f.Exec(`create or replace function passkey_challenge_life() returns interval language sql immutable
		return '0 s'::interval`)
	_, err = f.provePasskey(late, answer)
	is(t, err, twofactor.ErrOver)
	f.Exec("update passkey_answers set expires_at = now()")
	if err := f.factors.Upkeep(t.Context()); err != nil || f.Int("select count(*) from passkey_answers") != 0 {
		t.Errorf("answers of before are kept: %v", err)
	}
}

func TestACopiedPasskeyIsRefusedAndTold(t *testing.T) {
	t.Parallel()
	f := newPasskeyFixture(t)
	ctx, u, d := t.Context(), f.user(f.office("ACME", required), account.RoleUser), newDevice()
	f.enrol(f.begin(u), d)
	thief := *d
	pending := f.begin(u)
	if _, err := f.provePasskey(pending, d.proven(t, f.ask(pending, false))); err != nil {
		t.Fatal(err)
	}

	pending = f.begin(u)
	_, err := f.provePasskey(pending, thief.proven(t, f.ask(pending, false)))
	wrong(t, err, 4)
	if n := f.audited(audit.PasskeyCopied); n != 1 {
		t.Errorf("it is written down %d times", n)
	}
	told, err := f.factors.Notices(ctx, u.ID)
	if err != nil || len(told) == 0 || told[0].Kind != twofactor.NoticePasskeyCopied {
		t.Errorf("the user is told %v, %v", told, err)
	}
	// It opens nothing any more, whichever of the two comes, and is a factor all the same: the password enrols no other.
	_, err = f.factors.Ask(ctx, pending, factor.Passkey, false)
	is(t, err, twofactor.ErrOver)
	_, err = f.factors.Ask(ctx, pending, factor.Passkey, true)
	is(t, err, twofactor.ErrHasFactor)
	is(t, f.factors.SendTo(ctx, pending, numberB, "en"), twofactor.ErrHasFactor)
	in := f.signedIn(u, 0)
	items, err := f.factors.Items(ctx, u.ID, factor.Passkey)
	if err != nil || len(items) != 1 || !items[0].Dead {
		t.Errorf("%+v, %v", items, err)
	}
	// One that does not count is never called a copy.
	still := newDevice()
	f.enrol(in, still)
	for range 3 {
		still.key.Counter = ^uint32(0)
		pending = f.begin(u)
		if _, err := f.provePasskey(pending, still.proven(t, f.ask(pending, false))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhoMayHaveAPasskey(t *testing.T) {
	t.Parallel()
	f := newPasskeyFixture(t)
	ctx, office := t.Context(), f.office("ACME", required)
	u := f.confirmed(f.user(office, account.RoleUser), numberA)
	_, err := f.factors.Ask(ctx, f.begin(u), factor.Passkey, true)
	is(t, err, twofactor.ErrHasFactor) // the password alone enrols nothing beside a number
	_, err = f.factors.Ask(ctx, f.signedIn(u, session.Fresh), factor.Passkey, true)
	is(t, err, fault.StepUpRequired)
	_, err = f.factors.Ask(ctx, f.signedIn(u, 0), factor.App, true)
	is(t, err, fault.NotFound)

	// Twenty are enough.
	in := f.signedIn(u, 0)
	f.enrol(in, newDevice())
	f.Exec(`insert into passkeys (user_id, credential_id, public_key, name, aaguid, transports, sign_count,
		backup_eligible, backed_up) select user_id, int4send(n), public_key, name, aaguid, transports, 0, false, false
		from passkeys, generate_series(1, max_passkeys() - 1) n`)
	_, err = f.confirmPasskey(in, newDevice().made(t, f.ask(in, true)))
	is(t, err, factor.ErrHasFactor)

	// A reset takes them all.
	if _, err := f.factors.ForceReset(ctx, office, u.ID); err != nil || f.Int("select count(*) from passkeys") != 0 {
		t.Errorf("after a reset there are passkeys: %v", err)
	}
	if _, err := passkey.New(f.ring, &url.URL{Scheme: "https", Host: "192.0.2.7"}, "Nightlatch"); err == nil {
		t.Error("an address in numbers has passkeys")
	}
}

// enters answers the question to anybody, in a browser.
func (d *device) enters(t testing.TB, f *fixture, client session.Client) string {
	t.Helper()
	question, err := f.factors.AskAnybody(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	return d.proven(t, question)
}

func TestAPasskeyIsTheWholeLogInWhereTheOfficeSaysSo(t *testing.T) {
	t.Parallel()
	f := newPasskeyFixture(t)
	ctx, office := t.Context(), f.office("ACME", required)
	u, boss, d := f.user(office, account.RoleUser), f.user(office, account.RoleSuperuser), newDevice()
	f.enrol(f.begin(u), d)
	_, err := f.factors.AskAnybody(ctx, browser)
	is(t, err, twofactor.ErrOver) // off by default
	super := f.signedIn(f.confirmed(boss, numberA), 0)
	is(t, f.factors.SetPasskeyAlone(ctx, f.signedIn(u, 0), browser, true), twofactor.ErrNotAllowed)
	is(t, f.factors.SetPasskeyAlone(ctx, f.signedIn(boss, session.Fresh), browser, true), fault.StepUpRequired)
	is(t, f.factors.SetPasskeyAlone(ctx, super, browser, true), nil)

	// The question names nobody, and a browser without a cookie asks again.
	question, err := f.factors.AskAnybody(ctx, elsewhere)
	if err != nil || strings.Contains(question, "allowCredentials") || !strings.Contains(question, `"required"`) {
		t.Errorf("the question is %s, %v", question, err)
	}
	if question, err := f.factors.AskAnybody(ctx, session.Client{}); question != "" || err != nil {
		t.Errorf("a browser without a cookie is asked %q, %v", question, err)
	}

	// Both factors, office and user at once.
	answer := d.enters(t, f, elsewhere)
	token, err := f.factors.BeginAlone(ctx, elsewhere, answer)
	if err != nil {
		t.Fatal(err)
	}
	in := f.load(token)
	if in.Pending() || in.User.ID != u.ID || !in.FreshFactor() || in.FreshPassword() || in.Methods[0] != "passkey" {
		t.Errorf("the session is %+v", in)
	}
	if n := f.Int("select count(*) from audit_events where action = 'signed_in' and detail = 'passkey'"); n != 2 {
		t.Errorf("%d log-ins by passkey are written down", n)
	}
	_, err = f.factors.BeginAlone(ctx, elsewhere, answer)
	is(t, err, twofactor.ErrOver)

	for name, forge := range map[string]func() string{
		"without user verification": func() string {
			far := *d
			far.auth.Options.UserNotVerified = true
			return far.enters(t, f, elsewhere)
		},
		"in another browser": func() string { return d.enters(t, f, browser) },
		"from another origin": func() string {
			far := *d
			far.rp.Origin = "https://evil.test"
			return far.enters(t, f, elsewhere)
		},
		"of nobody": func() string { return newDevice().enters(t, f, elsewhere) },
		"with the question of a second step": func() string {
			return d.proven(t, f.ask(f.begin(u), false))
		},
		"under another user's handle": func() string {
			far := *d
			far.auth.Options.UserHandle = []byte("somebody else's!")
			return far.enters(t, f, elsewhere)
		},
	} {
		if _, err := f.factors.BeginAlone(ctx, elsewhere, forge()); !errors.Is(err, account.ErrWrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := f.failures(u); n != 0 {
		t.Errorf("strangers made the owner wait: %d in a row", n)
	}

	// Disabled, or taken back: it opens nothing, and what it began is over.
	f.Exec("update users set disabled_at = now() where id = $1", u.ID)
	_, err = f.factors.BeginAlone(ctx, elsewhere, d.enters(t, f, elsewhere))
	is(t, err, account.ErrWrong)
	f.Exec("update users set disabled_at = null where id = $1", u.ID)
	other := f.office("OTHER", required)
	f.Exec("insert into office_passkeys values ($1, true)", other)
	late := d.enters(t, f, elsewhere)
	is(t, f.factors.SetPasskeyAlone(ctx, super, browser, false), nil)
	if _, err := f.sessions.Load(ctx, token); !errors.Is(err, session.ErrNone) {
		t.Errorf("the session lives: %v", err)
	}
	_, err = f.factors.BeginAlone(ctx, elsewhere, late)
	is(t, err, account.ErrWrong)
	if n := f.audited(audit.PasskeyAloneSet); n != 2 {
		t.Errorf("%d decisions are written down", n)
	}
}
