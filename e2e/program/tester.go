package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// Tester stands in for a test, so that the fixtures of this package serve a program: scripts/bench, scripts/cluster.
// What would end a test ends the run, by a panic that Caught recovers.
type Tester struct {
	testing.TB // nil: it makes Tester a TB, and what is not below is never called

	name     string
	cleaning sync.Mutex

	mu       sync.Mutex
	cleanups []func()
	problems []string
}

// NewTester returns the tester of a program of that name.
func NewTester(name string) *Tester { return &Tester{name: name} }

// failure is what ended the run.
type failure struct{ text string }

// Caught runs do and what was to be cleaned up, and returns what ended do, and what was found wrong on the way.
func (t *Tester) Caught(do func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ours := r.(failure)
			if !ours {
				panic(r)
			}
			err = errors.New(f.text)
		}
		t.Clean()
		for _, p := range t.problems {
			err = errors.Join(err, errors.New(p))
		}
	}()
	do()
	return nil
}

// Clean ends what the run began, the last first. Whoever calls it meanwhile waits for that.
func (t *Tester) Clean() {
	t.cleaning.Lock()
	defer t.cleaning.Unlock()
	for {
		t.mu.Lock()
		if len(t.cleanups) == 0 {
			t.mu.Unlock()
			return
		}
		last := t.cleanups[len(t.cleanups)-1]
		t.cleanups = t.cleanups[:len(t.cleanups)-1]
		t.mu.Unlock()
		last()
	}
}

// Helper does nothing: no line of a caller is shown.
func (t *Tester) Helper() {}

// Context is that of the whole run.
func (t *Tester) Context() context.Context { return context.Background() }

// Cleanup has do called at the end of the run, the last first.
func (t *Tester) Cleanup(do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, do)
}

// Fatal ends the run.
func (t *Tester) Fatal(args ...any) { panic(failure{fmt.Sprint(args...)}) }

// Fatalf ends the run.
func (t *Tester) Fatalf(format string, args ...any) { panic(failure{fmt.Sprintf(format, args...)}) }

// Errorf notes a problem, with which the run fails in the end.
func (t *Tester) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.problems = append(t.problems, fmt.Sprintf(format, args...))
}

// TempDir makes a folder that goes with the run. It stands directly under the temp folder: root's database server runs
// as another account, which must get in.
func (t *Tester) TempDir() string {
	dir, err := os.MkdirTemp("", "nightlatch-"+t.name+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
