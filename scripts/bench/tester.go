package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// tester stands in for a test, so that the fixtures of e2e/program serve a program. What would end a test ends the run,
// by a panic that caught recovers.
type tester struct {
	testing.TB // nil: it makes tester a TB, and what is not below is never called

	mu       sync.Mutex
	cleanups []func()
	problems []string
}

// failure is what ended the run.
type failure struct{ text string }

// caught runs do and what was to be cleaned up, and returns what ended do, and what was found wrong on the way.
func (t *tester) caught(do func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ours := r.(failure)
			if !ours {
				panic(r)
			}
			err = errors.New(f.text)
		}
		t.clean()
		for _, p := range t.problems {
			err = errors.Join(err, errors.New(p))
		}
	}()
	do()
	return nil
}

// clean ends what the run began, the last first.
func (t *tester) clean() {
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
func (t *tester) Helper() {}

// Context is that of the whole run.
func (t *tester) Context() context.Context { return context.Background() }

// Cleanup has do called at the end of the run, the last first.
func (t *tester) Cleanup(do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, do)
}

// Fatal ends the run.
func (t *tester) Fatal(args ...any) { panic(failure{fmt.Sprint(args...)}) }

// Fatalf ends the run.
func (t *tester) Fatalf(format string, args ...any) { panic(failure{fmt.Sprintf(format, args...)}) }

// Errorf notes a problem, with which the run fails in the end.
func (t *tester) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.problems = append(t.problems, fmt.Sprintf(format, args...))
}

// TempDir makes a folder that goes with the run. It stands directly under the temp folder: root's database server runs
// as another account, which must get in.
func (t *tester) TempDir() string {
	dir, err := os.MkdirTemp("", "nightlatch-bench-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
