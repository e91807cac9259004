package evidence_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/evidence"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/session"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const day = 24 * time.Hour

var zone = time.UTC

type fixture struct {
	dbtest.Database
	*evidence.Service
	t      *testing.T
	ring   *keys.Ring
	office int64
	boss   session.Session
	now    time.Time
}

// newFixture is an office with a history of forty days, a name in every alphabet, and forty days of coverage.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, ring: factory.Keys(t)}
	d, pool := dbtest.New(t)
	f.Database = d
	log := factory.AuditLog()
	sessions := session.NewStore(pool, log)
	f.Service = evidence.New(pool, f.ring, rollout.New(pool, account.NewWays(account.NoMail{}, sessions, log), log), log)
	f.office = factory.Office(t, pool, factory.OfficeOpts{Name: "Ægir & Zoë Żółć"}).ID
	boss := factory.User(t, pool, f.office, factory.UserOpts{Username: "boss", Role: "superuser"})
	token := session.NewToken()
	factory.Session(t, pool, boss.ID, factory.SessionOpts{TokenHash: token.Hash(), Factors: []string{"otp"}})
	var err error
	if f.boss, err = sessions.Load(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	names := []string{"jané", "Владимир", "Ελένη", "Łukasz Żółć", "Nguyễn Thị", "=1+1;\"x", "张伟 🦉", "'t Hart"}
	for age := 40; age >= 0; age-- {
		name := audit.Person{ID: int64(age + 1), Name: names[age%len(names)]}
		actions := []audit.Action{audit.SignedIn, audit.SignInRefused, audit.UserExempted, audit.TwoFactorReset,
			audit.TwoFactorActivated, audit.HelpAnswered}
		factory.AuditEvent(t, pool, time.Duration(age)*day, audit.Event{
			Office: f.office, Actor: name, Subject: name, Action: actions[age%len(actions)], Detail: "a;b,\r\n\"c",
			Address: "::1",
		})
		f.Exec("insert into coverage_days (office_id, day, users, ready) values ($1, current_date - $2::int, 41, $3)",
			f.office, age, (41-age)/3)
		if age == 20 {
			f.sign(pool)
		}
	}
	f.now = dbtest.One[time.Time](t, pool, "select now()")
	return f
}

func (f *fixture) days(first, last int) evidence.Range {
	f.t.Helper()
	text := func(ago int) string { return f.now.UTC().Add(-time.Duration(ago) * day).Format(time.DateOnly) }
	r, err := evidence.ReadRange(text(first), text(last), zone, f.now)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func (f *fixture) take(first, last int) *evidence.Evidence {
	f.t.Helper()
	e, err := f.Take(f.t.Context(), f.boss, session.Client{Address: "::1"}, f.days(first, last))
	if err != nil {
		f.t.Fatal(err)
	}
	return e
}

// words are those of the test: the site has its own.
func words(lang string) evidence.Words {
	return func(e audit.Entry) (what, detail string) {
		return locale.T(lang, "audit."+string(e.Action), "Actor", e.Actor, "Subject", e.Subject), e.Detail
	}
}

func (f *fixture) csv(first, last int, lang string) []byte {
	f.t.Helper()
	file, err := f.take(first, last).CSV(lang, words(lang))
	if err != nil {
		f.t.Fatal(err)
	}
	return file
}

func TestEvidenceVerifiesWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, row := range []struct{ first, last int }{{40, 0}, {30, 10}, {30, 25}, {10, 10}, {5, 0}, {400, 300}} {
		for _, lang := range []string{"en", "nl"} {
			if row.first == 400 {
				f.Exec("delete from coverage_days")
			}
			v, err := evidence.Verify(f.csv(row.first, row.last, lang))
			if err != nil || len(v.Findings) != 0 || !audit.Ours(f.ring, v.Key) || len(v.Histories) != 1 ||
				row.first == 40 && v.Histories[0].Signed == 0 {
				t.Errorf("%d to %d days ago in %s: %+v, %v", row.first, row.last, lang, v, err)
			}
		}
	}
	if n := f.Int("select count(*) from audit_events where action = 'evidence_taken'"); n != 12 {
		t.Errorf("%d downloads are in the history", n)
	}
	if audit.Ours(factory.Keys(t), nil) {
		t.Error("no key is anybody's")
	}
}

// Whatever somebody does to the bytes of a file is found.
func TestNoChangeOfEvidenceGoesUnseen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	file := f.csv(30, 3, "en")
	for seed := range uint64(600) {
		random := rand.New(rand.NewPCG(seed, 31))
		lines := strings.SplitAfter(string(file), "\"\r\n\"")
		i, j := random.IntN(len(lines)), random.IntN(len(lines))
		changed := bytes.Clone(file)
		switch random.IntN(5) {
		case 0:
			changed[random.IntN(len(changed))] ^= byte(1 << random.IntN(7))
		case 1:
			at := random.IntN(len(changed))
			changed = append(changed[:at:at], changed[at+1:]...)
		case 2:
			changed = []byte(strings.Join(append(lines[:i:i], lines[i+1:]...), ""))
		case 3:
			lines[i], lines[j] = lines[j], lines[i]
			changed = []byte(strings.Join(lines, ""))
		default:
			changed = []byte(strings.Join(append(lines[:i:i], lines[j:]...), ""))
		}
		if bytes.Equal(changed, file) {
			continue
		}
		if v, err := evidence.Verify(changed); err == nil && len(v.Findings) == 0 {
			t.Errorf("seed %d goes unseen", seed)
		}
	}
}

func TestAChangedEventOfEvidenceIsNamed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	file := string(f.csv(40, 0, "en"))
	changed := strings.Replace(file, `"Ελένη"`, `"mallory"`, 1)
	v, err := evidence.Verify([]byte(changed))
	if err != nil || len(v.Findings) != 2 || v.Findings[1].Wrong != audit.Changed || v.Findings[1].Number == 0 {
		t.Errorf("%+v, %v", v.Findings, err)
	}
	for _, text := range []string{"", "x", "\"a\"\r\n", strings.ReplaceAll(file, "\r\n", "\n"), file[:len(file)/2]} {
		if _, err := evidence.Verify([]byte(text)); !errors.Is(err, evidence.ErrNoEvidence) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func TestARangeIsOfDays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		first, last string
		want        error
	}{
		{"2026-11-28", "2026-11-28", nil}, {"2026-01-01", "2026-12-31", nil}, {"2025-11-28", "2026-11-28", nil},
		{"", "2026-11-28", evidence.ErrNoFirst}, {"2026-02-30", "2026-11-28", evidence.ErrNoFirst},
		{"2026-11-01", "1-12-2026", evidence.ErrNoLast}, {"2026-11-02", "2026-11-01", evidence.ErrOrder},
		{"2025-11-27", "2026-11-28", evidence.ErrLong}, {"2026-11-29", "2026-11-29", evidence.ErrNotOver},
	} {
		if _, err := evidence.ReadRange(row.first, row.last, zone, now); !errors.Is(err, row.want) {
			t.Errorf("%s to %s: %v, want %v", row.first, row.last, err, row.want)
		}
	}
}

func TestEvidenceIsForASuperuserWithAFreshFactor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update sessions set second_factor_at = now() - interval '1 hour', password_at = now() - interval '1 hour'")
	_, err := f.Take(t.Context(), f.boss, session.Client{}, f.days(3, 0))
	if !errors.Is(err, fault.StepUpRequired) {
		t.Errorf("with an old proof: %v", err)
	}
	f.Exec("update sessions set second_factor_at = now(), password_at = now()")
	f.Exec(`insert into users (office_id, username, name, role, password_hash) select office_id, 'vice', 'vice', role, 'x'
		from users; update users set role = 'accountant' where username = 'boss'`)
	if _, err = f.Take(t.Context(), f.boss, session.Client{}, f.days(3, 0)); err == nil {
		t.Error("an accountant takes it")
	}
}

// The readable form is a PDF in each language, whatever the names; the same evidence makes the same file.
func TestThePDFIsWrittenInEveryLanguage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, lang := range []string{"en", "nl"} {
		e := f.take(40, 0)
		file, err := e.PDF(lang, words(lang))
		if err != nil || !bytes.HasPrefix(file, []byte("%PDF-1.")) || !bytes.Contains(file, []byte("/Lang ("+lang+")")) {
			t.Fatal(lang, err)
		}
		again, err := e.PDF(lang, words(lang))
		if err != nil || !bytes.Equal(file, again) {
			t.Errorf("the same evidence in %s is two files (%v)", lang, err)
		}
		if dir := os.Getenv("EVIDENCE_DIR"); dir != "" {
			if err := os.WriteFile(fmt.Sprintf("%s/%s.pdf", dir, lang), file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (f *fixture) sign(pool *db.Pool) {
	f.t.Helper()
	if err := audit.NewSigner(pool, f.ring, factory.AuditLog()).Sign(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}
