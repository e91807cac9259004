package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/locale"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var jane, john = audit.Person{ID: 7, Name: "jane"}, audit.Person{ID: 8, Name: "john"}

func write(t *testing.T, pool *db.Pool, events ...audit.Event) {
	t.Helper()
	log := factory.AuditLog()
	for _, e := range events {
		if err := log.Write(t.Context(), pool, e); err != nil {
			t.Fatal(err)
		}
	}
}

func list(t *testing.T, pool *db.Pool, office, before int64) ([]audit.Entry, bool) {
	t.Helper()
	entries, more, err := audit.List(t.Context(), pool, office, audit.Search{Before: before})
	if err != nil {
		t.Fatal(err)
	}
	return entries, more
}

func TestAnEventIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	_, pool := dbtest.New(t)
	write(t, pool, audit.Event{
		Office: 1, Actor: jane, Subject: john, Action: audit.TwoFactorReset, Detail: "sms", Address: "192.0.2.7",
	})
	entries, more := list(t, pool, 1, 0)
	if len(entries) != 1 || more {
		t.Fatalf("%d entries, more is %v", len(entries), more)
	}
	got := entries[0]
	if age := time.Since(got.At); age < -time.Minute || age > time.Minute || got.ID == 0 {
		t.Errorf("event %d is of %s", got.ID, got.At)
	}
	got.At, got.ID = time.Time{}, 0
	want := audit.Entry{
		Actor: "jane", Subject: "john", Action: audit.TwoFactorReset, Detail: "sms", Address: "192.0.2.7",
	}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// An event and what it records are kept together or not at all.
func TestAnEventGoesWithItsTransaction(t *testing.T) {
	t.Parallel()
	_, pool := dbtest.New(t)
	failed := errors.New("failed")
	err := db.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if err := factory.AuditLog().Write(t.Context(), tx, audit.Event{Office: 1, Action: audit.SignedIn}); err != nil {
			return err
		}
		return failed
	})
	if entries, _ := list(t, pool, 1, 0); !errors.Is(err, failed) || len(entries) != 0 {
		t.Errorf("%d entries stay, %v", len(entries), err)
	}
}

func TestNothingInTheHistoryCanBeChangedOrDeleted(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	write(t, pool, audit.Event{Office: 1, Actor: jane, Action: audit.SignedIn})
	for _, sql := range []string{
		"update audit_events set actor = 'mallory'", "update audit_events set at = at", "delete from audit_events",
		"insert into audit_events (id, action) overriding system value select id, 'signed_in' from audit_events",
	} {
		if _, err := pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: done", sql)
		}
	}
	if n := d.Int("select count(*) from audit_events where actor = 'jane' and action = 'signed_in'"); n != 1 {
		t.Errorf("%d events stand", n)
	}
}

func TestTheHistoryOfAnOfficeHasPages(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	d.Exec(`insert into audit_events (office_id, actor, action, detail)
		select case when n % 2 = 0 then 2 else 1 end, 'jane', 'signed_in', n from generate_series(1, $1::int) as n`,
		2*(2*audit.PageSize+1))
	var before int64
	var seen []string
	var ids []int64
	for page, want := range []struct {
		entries int
		more    bool
	}{{audit.PageSize, true}, {audit.PageSize, true}, {1, false}} {
		entries, more := list(t, pool, 1, before)
		if len(entries) != want.entries || more != want.more {
			t.Fatalf("page %d has %d entries, more is %v", page+1, len(entries), more)
		}
		for _, e := range entries {
			seen, ids = append(seen, e.Detail), append(ids, e.ID)
		}
		before = entries[len(entries)-1].ID
	}
	// The newest first, each once, and none of the other office's.
	for i, detail := range seen {
		if want := fmt.Sprint(2*(2*audit.PageSize-i) + 1); detail != want {
			t.Fatalf("entry %d is event %s, want %s", i, detail, want)
		}
	}
	if entries, more := list(t, pool, 1, before); len(entries) != 0 || more {
		t.Errorf("after the last come %d, more is %v", len(entries), more)
	}
	// A page that is just full is the last.
	if entries, more := list(t, pool, 1, ids[audit.PageSize]); len(entries) != audit.PageSize || more {
		t.Errorf("the last whole page has %d entries, more is %v", len(entries), more)
	}
	write(t, pool, make([]audit.Event, audit.PageSize)...)
	whole, more, err := audit.NewInstallation(pool, factory.AuditLog()).List(t.Context(), audit.Search{})
	if err != nil || len(whole) != audit.PageSize || more {
		t.Errorf("a whole page has %d entries, more is %v, %v", len(whole), more, err)
	}
}

func TestTheInstallationsHistoryIsOfWhatBelongsToNoOffice(t *testing.T) {
	t.Parallel()
	_, pool := dbtest.New(t)
	installation := audit.NewInstallation(pool, factory.AuditLog())
	write(t, pool, audit.Event{Office: 1, Actor: jane, Action: audit.SignedIn},
		audit.Event{Actor: audit.Person{Name: "NOPE/jane"}, Action: audit.SignInRefused})
	err := installation.Record(t.Context(), audit.Event{
		Actor: audit.Person{ID: 9, Name: "ops"}, Action: audit.JobsChanged,
	})
	if err != nil {
		t.Fatal(err)
	}
	entries, more, err := installation.List(t.Context(), audit.Search{})
	if err != nil || more {
		t.Fatalf("more is %v, %v", more, err)
	}
	var got []audit.Action
	for _, e := range entries {
		got = append(got, e.Action)
	}
	if want := []audit.Action{audit.JobsChanged, audit.SignInRefused}; !reflect.DeepEqual(got, want) {
		t.Errorf("the history is %v, want %v", got, want)
	}
	older, _, err := installation.List(t.Context(), audit.Search{Before: entries[0].ID})
	if err != nil || len(older) != 1 || older[0].Actor != "NOPE/jane" {
		t.Errorf("before the newest stand %+v, %v", older, err)
	}
}

// The names stand in the event itself: the history tells who it was when the user has long gone.
func TestAnEventKeepsTheNamesOfUsersWhoAreDeleted(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	office := factory.Office(t, pool, factory.OfficeOpts{}).ID
	user := factory.User(t, pool, office, factory.UserOpts{Username: "jane"})
	person := audit.Person{ID: user.ID, Name: user.Username}
	write(t, pool, audit.Event{Office: office, Actor: person, Subject: person, Action: audit.UserDeleted})
	d.Exec("delete from users")
	d.Exec("delete from offices")
	if entries, _ := list(t, pool, office, 0); len(entries) != 1 || entries[0].Actor != "jane" ||
		entries[0].Subject != "jane" {
		t.Errorf("the history is %+v", entries)
	}
}

// Whoever knocks chooses the name that is kept of them, for ever.
func TestWhatAStrangerTypedIsCutToLength(t *testing.T) {
	t.Parallel()
	_, pool := dbtest.New(t)
	name := strings.Repeat("ß", 120)
	write(t, pool,
		audit.Event{Actor: audit.Person{Name: name}, Action: audit.SignInRefused, Office: 1},
		audit.Event{
			Actor: audit.Person{Name: name + "x"}, Subject: audit.Person{Name: name + "y"}, Detail: name + "z", Office: 1,
		})
	entries, _ := list(t, pool, 1, 0)
	if entries[1].Actor != name {
		t.Errorf("a name of 120 characters is kept as %q", entries[1].Actor)
	}
	for _, got := range []string{entries[0].Actor, entries[0].Subject, entries[0].Detail} {
		if got != name+"…" {
			t.Errorf("a longer one is kept as %q", got)
		}
	}
}

func TestObserversAndTheProcesssLogAreToldOfEachEventThatWasWritten(t *testing.T) {
	t.Parallel()
	_, pool := dbtest.New(t)
	var text bytes.Buffer
	var told []audit.Event
	log := audit.NewLog(slog.New(slog.NewTextHandler(&text, nil)), func(e audit.Event) { told = append(told, e) })
	event := audit.Event{Office: 1, Actor: jane, Action: audit.SignedIn, Detail: "sms", Address: "192.0.2.7"}
	if err := log.Write(t.Context(), pool, event); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "action=signed_in office=1 actor=7") || strings.Contains(text.String(), "jane") {
		t.Errorf("the log has %q, with an id and no name", text.String())
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := log.Write(over, pool, event); !errors.Is(err, context.Canceled) {
		t.Errorf("an event that cannot be written: %v", err)
	}
	if len(told) != 1 || told[0] != event {
		t.Errorf("told was %+v", told)
	}
}

func TestAHistoryIsSearchedByKindAndByWords(t *testing.T) {
	t.Parallel()
	_, pool := dbtest.New(t)
	write(t, pool,
		audit.Event{Office: 1, Actor: jane, Subject: john, Action: audit.TwoFactorReset, Detail: "sms", Address: "192.0.2.7"},
		audit.Event{Office: 1, Actor: jane, Action: audit.SignedIn, Detail: "50%", Address: "192.0.2.8"},
		audit.Event{Office: 2, Actor: jane, Action: audit.SignedIn})
	for _, c := range []struct {
		search audit.Search
		want   int
	}{
		{audit.Search{}, 2}, {audit.Search{Kind: audit.KindLogIns}, 1}, {audit.Search{Kind: audit.KindFactors}, 1},
		{audit.Search{Kind: audit.KindUsers}, 0}, {audit.Search{Kind: "nonsense"}, 0}, {audit.Search{Words: "JANE"}, 2},
		{audit.Search{Words: "john"}, 1}, {audit.Search{Words: "2.0.2.8"}, 1}, {audit.Search{Words: "jane sms"}, 1},
		{audit.Search{Words: "%"}, 1}, {audit.Search{Words: "_"}, 0}, {audit.Search{Words: "\x00 \\"}, 0},
	} {
		entries, _, err := audit.List(t.Context(), pool, 1, c.search)
		all, exported := audit.Export(t.Context(), pool, 1, c.search)
		if err != nil || exported != nil || len(entries) != c.want || len(all) != c.want {
			t.Errorf("%+v finds %d, exports %d, want %d: %v %v", c.search, len(entries), len(all), c.want, err, exported)
		}
	}
}

func TestEveryActionIsOfOneKind(t *testing.T) {
	t.Parallel()
	of := map[audit.Action]int{}
	for _, kind := range audit.Kinds() {
		if !locale.Has("history.kind_" + string(kind)) {
			t.Errorf("the kind %s has no name", kind)
		}
		for _, action := range kind.Actions() {
			of[action]++
			if !locale.Has("audit." + string(action)) {
				t.Errorf("%s has no words", action)
			}
		}
	}
	source, err := os.ReadFile("audit.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`Action = "(\w+)"`).FindAllSubmatch(source, -1) {
		if n := of[audit.Action(found[1])]; n != 1 {
			t.Errorf("%s is of %d kinds", found[1], n)
		}
	}
}
