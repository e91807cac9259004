package poll

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/session"
)

const token = session.Token("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE")

// fixture is a Memory whose clock and news a test sets.
type fixture struct {
	*Memory
	at   time.Time
	news map[hash]string
	err  error
	read int
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{at: time.Now(), news: map[hash]string{hash(token.Hash()): "one"}}
	f.Memory = NewMemory(func(context.Context, [][]byte) (map[hash]string, error) {
		f.read++
		return f.news, f.err
	}, func() time.Time { return f.at }, factory.Logger())
	return f
}

// ask asks as a page, which the database is asked about unless it is quiet.
func (f *fixture) ask(asked string, during time.Duration) (quiet bool) {
	look, quiet := f.Look(token, asked)
	if !quiet {
		f.Keep(look, during)
	}
	return quiet
}

// wait lets time go by.
func (f *fixture) wait(d time.Duration) { f.at = f.at.Add(d) }

// quieten asks until a page is quiet, as one is from its third time on.
func (f *fixture) quieten(t *testing.T, asked string) {
	t.Helper()
	for _, want := range []bool{false, false, true, true} {
		if got := f.ask(asked, time.Hour); got != want {
			t.Fatalf("quiet %v, want %v", got, want)
		}
		if err := f.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAPageIsQuietUntilSomethingMayBeNew(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(f *fixture) (asked string){
		"news":           func(f *fixture) string { f.news[hash(token.Hash())] = "two"; return "page" },
		"over":           func(f *fixture) string { delete(f.news, hash(token.Hash())); return "page" },
		"shows another":  func(*fixture) string { return "another" },
		"long ago":       func(f *fixture) string { f.wait(gone); f.ask("page", 0); f.wait(quietFor - gone); return "page" },
		"left, and back": func(f *fixture) string { f.wait(gone + 1); return "page" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.quieten(t, "page")
			asked := happens(f)
			if err := f.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
			if f.ask(asked, time.Hour) {
				t.Error("is told that there is nothing new")
			}
		})
	}
}

func TestAPageIsAskedAboutWhenTheDatabaseDoesNotAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.quieten(t, "page")
	f.err = errors.New("gone")
	f.wait(believed)
	if err := f.Read(t.Context()); err == nil {
		t.Error("the failure is not told")
	}
	if f.ask("page", time.Hour) {
		t.Error("old news are believed")
	}
}

func TestAPageIsQuietNoLongerThanItsAnswerHolds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ask("page", time.Second)
	if err := f.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.ask("page", time.Second)
	if !f.ask("page", time.Second) {
		t.Error("is not quiet")
	}
	f.wait(time.Second)
	if f.ask("page", time.Second) {
		t.Error("is quiet when time has changed its answer")
	}
}

// What changed while the answer was made is news, whichever was read first.
func TestWhatChangesWhileAPageIsAnsweredIsNotMissed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ask("page", time.Hour)
	if err := f.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	look, _ := f.Look(token, "page")
	f.news[hash(token.Hash())] = "two" // after the page's answer was read
	if err := f.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.Keep(look, time.Hour)
	if f.ask("page", time.Hour) {
		t.Error("the change is missed")
	}
}

// Only a session for which the site has answered costs a reading: a stranger's cookie costs nothing.
func TestNobodyIsReadWhoWasNotAnswered(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 3 {
		f.Look(token, "page")
		f.Look("no token", "page")
		if err := f.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if f.read != 0 {
		t.Errorf("news are read %d times", f.read)
	}
}
