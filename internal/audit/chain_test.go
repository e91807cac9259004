package audit_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// chain is a history that somebody with all rights in the database, and without the key file, tampers with.
type chain struct {
	dbtest.Database
	t    *testing.T
	pool *db.Pool
	ring *keys.Ring
}

func newChain(t *testing.T) *chain {
	t.Helper()
	d, pool := dbtest.New(t)
	return &chain{d, t, pool, factory.Keys(t)}
}

func (c *chain) sign() {
	c.t.Helper()
	if err := audit.NewSigner(c.pool, c.ring, factory.AuditLog()).Sign(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// tamper runs SQL while no trigger watches.
func (c *chain) tamper(sql string, args ...any) {
	c.t.Helper()
	tables := []string{"audit_events", "audit_links", "audit_heads"}
	for _, table := range tables {
		c.Exec("alter table " + table + " disable trigger user")
	}
	c.Exec(sql, args...)
	for _, table := range tables {
		c.Exec("alter table " + table + " enable trigger user")
	}
}

// remake makes all links from a number on fit their events anew, as somebody would who knows how.
const remake = `do $$ declare l audit_links; before bytea; e audit_events; n bigint := 0; begin
	select hash into before from audit_links where office_id = %[1]d and seq < %[2]d order by seq desc limit 1;
	for l in select * from audit_links where office_id = %[1]d and seq >= %[2]d order by seq loop
		select * into e from audit_events where id = l.event_id;
		l.content := audit_content(e); l.at := e.at; l.attempt := is_attempt(e.action);
		l.hash := audit_hash(coalesce(before, ''), l); before := l.hash;
		update audit_links k set content = l.content, hash = l.hash, at = l.at, attempt = l.attempt
			where k.office_id = l.office_id and k.seq = l.seq;
	end loop; end $$`

func (c *chain) verify() audit.Report {
	c.t.Helper()
	report, err := audit.Verify(c.t.Context(), c.pool, c.ring, "")
	if err != nil {
		c.t.Fatal(err)
	}
	return report
}

// history writes events of two offices and of none, signs what there is, and writes a few more.
func (c *chain) history() {
	c.t.Helper()
	c.Exec(`insert into offices (id, code, name) overriding system value
		values (1, 'ACME', 'Acme'), (2, 'OTHER', 'Other')`)
	for i := range 60 {
		action := audit.SignedIn
		if i%3 == 0 {
			action = audit.SignInRefused
		}
		e := audit.Event{Office: int64(i % 3), Actor: jane, Action: action, Detail: fmt.Sprint("ünï ", i, ":,")}
		e.Address = "::1"
		if i%2 == 0 {
			e.Subject = john
		}
		write(c.t, c.pool, e)
		if i == 47 {
			c.sign()
		}
	}
}

func TestAHistoryThatNobodyTouchedVerifies(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	if report := c.verify(); len(report.Findings) != 0 || len(report.Histories) != 0 {
		t.Errorf("nothing is %+v", report)
	}
	c.history()
	report := c.verify()
	if len(report.Findings) != 0 || len(report.Histories) != 3 {
		t.Fatalf("%+v", report)
	}
	for i, h := range report.Histories {
		if h.Office != []string{"", "ACME", "OTHER"}[i] || h.Events != 20 || h.Signed != 16 || h.Gone != 0 {
			t.Errorf("%+v", h)
		}
	}
	if one, err := audit.Verify(t.Context(), c.pool, c.ring, "OTHER"); err != nil || len(one.Histories) != 1 {
		t.Errorf("%+v, %v", one, err)
	}
	// Signed twice a day it is not, and with another key at once.
	heads := func() int { return c.Int("select count(*) from audit_heads") }
	if c.sign(); heads() != 3 {
		t.Errorf("%d signatures", heads())
	}
	c.ring = factory.Keys(t)
	if report := c.verify(); len(report.Findings) != 3 || report.Findings[0].Wrong != audit.Unknown {
		t.Errorf("with another key file: %+v", report.Findings)
	}
	if c.sign(); heads() != 6 || len(c.verify().Findings) != 0 {
		t.Errorf("%d signatures, %+v", heads(), c.verify().Findings)
	}
}

// What the database hashes is what docs/adr/0029 says, and Go says the same.
func TestAnEventsHashIsThatOfItsText(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	c.Exec(`insert into audit_events (id, at, office_id, actor, action, detail) overriding system value
		values (12, '2026-11-28 13:59:59.000001+01', 3, 'jané', 'signed_in', 'sms')`)
	links, err := audit.Links(t.Context(), c.pool, 3, 0, 10)
	if err != nil || len(links) != 1 {
		t.Fatal(links, err)
	}
	const content = "0000000000000000000000000000000000000000000000000000000000000000"
	got := hex.EncodeToString(links[0].Event.Hash())
	if want := hex.EncodeToString(links[0].Content); got != want || got == content {
		t.Errorf("the hash is %s, want %s", got, want)
	}
	if hex.EncodeToString(links[0].Hash) != hex.EncodeToString(links[0].After(nil)) {
		t.Error("the link has another hash")
	}
}

func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	at := func(seq int) string {
		return fmt.Sprintf("(select event_id from audit_links where office_id = 1 and seq = %d)", seq)
	}
	for _, row := range []struct {
		name, sql string
		want      audit.Wrong
		numbers   []int64 // of what is said, at least
	}{
		{"a row is changed", "update audit_events set actor = 'mallory' where id = " + at(5), audit.Changed, []int64{5}},
		{"a moment is changed", "update audit_events set at = at - interval '1 us' where id = " + at(6), audit.Changed,
			[]int64{6}},
		{"a row goes over to another office", "update audit_events set office_id = 2 where id = " + at(7), audit.Changed,
			[]int64{7}},
		{"a row is left out", "delete from audit_events where id = " + at(5), audit.LeftOut, []int64{5}},
		{"a row and its link", "delete from audit_events where id = " + at(5) +
			"; delete from audit_links where office_id = 1 and seq = 5", audit.LeftOut, []int64{5}},
		{"the first", "delete from audit_links where office_id = 1 and seq = 1", audit.LeftOut, []int64{1}},
		{"a row is added", "insert into audit_events (office_id, action) values (1, 'signed_in')", audit.Added, nil},
		{"two are swapped", `update audit_events e set detail = o.detail, at = o.at from audit_events o
			where e.id in (` + at(3) + "," + at(4) + ") and o.id in (" + at(3) + "," + at(4) + ") and o.id <> e.id",
			audit.Changed, []int64{3, 4}},
		{"two links are swapped", `update audit_links set seq = 100 where office_id = 1 and seq = 3;
			update audit_links set seq = 3 where office_id = 1 and seq = 4;
			update audit_links set seq = 4 where office_id = 1 and seq = 100`, audit.Changed, []int64{3, 4}},
		{"the tail is cut off", "delete from audit_events where office_id = 1 and id >= " + at(14) +
			"; delete from audit_links where office_id = 1 and seq >= 14", audit.CutOff, []int64{14}},
		{"all is made to fit", "update audit_events set actor = 'mallory' where id = " + at(5) + ";" +
			fmt.Sprintf(remake, 1, 5), audit.Rewritten, []int64{16}},
		{"a decision is called an attempt", `update audit_links set attempt = true, at = at - interval '1 year'
			where office_id = 1 and seq = 5; delete from audit_events where id = ` + at(5), audit.Changed, []int64{5}},
		{"another signature", "update audit_heads set signature = set_byte(signature, 0, 255 - get_byte(signature, 0)) " +
			"where office_id = 1", audit.Forged, []int64{16}},
		{"signatures are gone", `update audit_events set at = at - interval '3 days'; delete from audit_heads;` +
			fmt.Sprintf(remake, 1, 1) + ";" + fmt.Sprintf(remake, 2, 1) + ";" + fmt.Sprintf(remake, 0, 1), audit.Unsigned,
			[]int64{1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t)
			c.history()
			c.tamper(row.sql)
			report := c.verify()
			found := map[int64]bool{}
			for _, f := range report.Findings {
				if f.Wrong == row.want {
					found[f.Number] = true
				}
			}
			for _, number := range row.numbers {
				if !found[number] {
					t.Errorf("not found: number %d, in %+v", number, report.Findings)
				}
			}
			if len(found) == 0 {
				t.Errorf("%+v", report.Findings)
			}
		})
	}
}

// Whatever is done to the rows of a signed history by who has no key file is found: in whatever order and number. Only
// what makes the end behind the last signature anew goes unseen.
func TestNoTamperingWithWhatIsSignedGoesUnseen(t *testing.T) {
	t.Parallel()
	columns := []string{"actor", "subject", "action", "detail", "address"}
	for seed := range uint64(16) {
		random := rand.New(rand.NewPCG(seed, 29))
		c := newChain(t)
		c.history()
		c.sign()
		var done []string
		for range 1 + random.IntN(4) {
			seq, office := 1+random.IntN(16), random.IntN(3)
			event := fmt.Sprintf("(select event_id from audit_links where office_id = %d and seq = %d)", office, seq)
			sql := []string{
				fmt.Sprintf("update audit_events set %s = 'x%d' where id = %s", columns[random.IntN(len(columns))], seq, event),
				fmt.Sprintf("delete from audit_events where id = %s", event),
				fmt.Sprintf("update audit_events set at = at + interval '1 second' where id = %s", event),
				fmt.Sprintf("update audit_events set actor_id = 99 where id = %s", event),
				fmt.Sprintf("delete from audit_links where office_id = %d and seq >= %d", office, seq),
				fmt.Sprintf("delete from audit_links where office_id = %d and seq = %d", office, seq),
				fmt.Sprintf("update audit_links set event_id = -event_id where office_id = %d and seq = %d", office, seq),
				fmt.Sprintf("insert into audit_events (office_id, action) values (nullif(%d, 0), 'signed_in')", office),
			}[random.IntN(8)]
			if random.IntN(2) == 0 {
				sql += ";" + fmt.Sprintf(remake, office, 1)
			}
			done = append(done, sql)
			func() { // what the tables themselves refuse is no tampering: links of nothing, for one
				defer c.Exec(`alter table audit_events enable trigger user; alter table audit_links enable trigger user`)
				c.Exec(`alter table audit_events disable trigger user; alter table audit_links disable trigger user`)
				_, _ = c.pool.Exec(t.Context(), sql)
			}()
		}
		untouched := c.Int(`select count(*) from audit_links l join audit_events e on e.id = l.event_id
			where l.content = audit_content(e) and not exists (select from audit_heads h
				where h.office_id = l.office_id and h.seq = l.seq and h.hash <> l.hash)`)
		if untouched == 60 && c.Int("select count(*) from audit_events") == 60 {
			continue // nothing came of it
		}
		if len(c.verify().Findings) == 0 {
			t.Errorf("seed %d: unseen:\n%s", seed, strings.Join(done, "\n"))
		}
	}
}

func TestAnAttemptThatIsOverLeavesItsLink(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	for i := range 10 {
		action := []audit.Action{audit.SignedIn, audit.SignInRefused}[i%2]
		factory.AuditEvent(t, c.pool, 91*24*time.Hour, audit.Event{Office: 1, Action: action})
	}
	c.sign()
	c.Exec("delete from audit_events where is_attempt(action) and at < now() - attempts_kept()")
	report := c.verify()
	if len(report.Findings) != 0 || report.Histories[0].Events != 10 || report.Histories[0].Gone != 5 {
		t.Errorf("%+v", report)
	}
}

func TestNothingOfTheChainCanBeChangedOrEmptied(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	c.history()
	for _, sql := range []string{"truncate audit_events", "truncate audit_events cascade", "truncate audit_links",
		"truncate audit_heads", "delete from audit_links", "delete from audit_heads", "update audit_links set seq = seq",
		"update audit_heads set seq = seq"} {
		if _, err := c.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: done", sql)
		}
	}
	if report := c.verify(); len(report.Findings) != 0 {
		t.Errorf("%+v", report.Findings)
	}
}

// Many write at once, in transactions of some length that end well or not: each chain has what was committed, without a
// gap. A log-in does not wait for an act that is under way.
func TestAChainHasNoGapWhoeverWritesAtOnce(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	failed := errors.New("failed")
	var work sync.WaitGroup
	for n := range 8 {
		work.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 30))
			for range 25 {
				office, events, fails := int64(random.IntN(3)), 1+random.IntN(4), random.IntN(4) == 0
				err := db.InTx(t.Context(), c.pool, func(tx pgx.Tx) error {
					for i := range events {
						e := audit.Event{Office: office, Action: audit.SignedIn, Detail: fmt.Sprint(n, i)}
						if err := factory.AuditLog().Write(t.Context(), tx, e); err != nil {
							return err
						}
					}
					if fails {
						return failed
					}
					return nil
				})
				if err != nil && !errors.Is(err, failed) {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	c.sign()
	report, events := c.verify(), int64(0)
	for _, h := range report.Histories {
		events += h.Events
	}
	if len(report.Findings) != 0 || events != c.ID("select count(*) from audit_events") || events == 0 {
		t.Errorf("%d events, %+v", events, report)
	}
	err := db.InTx(t.Context(), c.pool, func(tx pgx.Tx) error {
		if err := factory.AuditLog().Write(t.Context(), tx, audit.Event{Office: 1, Action: audit.UsersImported}); err != nil {
			return err
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return factory.AuditLog().Write(soon, c.pool, audit.Event{Office: 1, Action: audit.SignedIn})
	})
	if err != nil {
		t.Errorf("a log-in waits for a long act: %v", err)
	}
}

// The end of a transaction asks the rule about the last superuser before it takes the lock of a chain: one who holds
// the office's row and writes, and one who writes and then needs the row, never wait for each other.
func TestTheChainsLockIsTheLast(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	office := factory.Office(t, c.pool, factory.OfficeOpts{}).ID
	boss := factory.User(t, c.pool, office, factory.UserOpts{Role: "superuser"})
	factory.User(t, c.pool, office, factory.UserOpts{Role: "superuser"})
	event := audit.Event{Office: office, Action: audit.RoleChanged}
	ends := make(chan error, 1)
	err := db.InTx(t.Context(), c.pool, func(holder pgx.Tx) error {
		if _, err := holder.Exec(t.Context(), "select from offices where id = $1 for no key update", office); err != nil {
			return err
		}
		if err := factory.AuditLog().Write(t.Context(), holder, event); err != nil {
			return err
		}
		go func() {
			ends <- db.InTx(t.Context(), c.pool, func(tx pgx.Tx) error {
				if err := factory.AuditLog().Write(t.Context(), tx, event); err != nil {
					return err
				}
				_, err := tx.Exec(t.Context(), "update users set role = 'user' where id = $1", boss.ID)
				return err
			})
		}()
		for range 200 { // until the other one waits for the row
			if c.Int(`select count(*) from pg_stat_activity
				where wait_event_type = 'Lock' and datname = current_database()`) > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		return nil
	})
	if err = errors.Join(err, <-ends); err != nil {
		t.Error(err)
	}
}

func TestFindingsAreSentences(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	c.history()
	c.tamper("delete from audit_events where id = 5")
	texts := c.verify().Findings
	if len(texts) != 1 || !slices.ContainsFunc(texts, func(f audit.Finding) bool {
		return strings.HasPrefix(f.Text, "Left out: number 2, event 5 of 20") && f.Office == "ACME" && f.Event == 5
	}) {
		t.Errorf("%+v", texts)
	}
}
