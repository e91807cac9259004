package fault

import (
	"errors"
	"fmt"
	"testing"
)

func TestAnErrorIsFoundByItselfAndByItsCode(t *testing.T) {
	one, other := New(Forbidden, "only a superuser may"), New(Forbidden, "only an operator may")
	wrapped := fmt.Errorf("reset user 7: %w", one)
	if !errors.Is(wrapped, one) || errors.Is(wrapped, other) || !errors.Is(wrapped, Forbidden) ||
		errors.Is(wrapped, NotFound) {
		t.Errorf("%v is taken for something else", wrapped)
	}
	for err, want := range map[error]Code{wrapped: Forbidden, fmt.Errorf("x: %w", Ended): Ended, errors.New("x"): "",
		nil: ""} {
		if got := CodeOf(err); got != want {
			t.Errorf("CodeOf(%v) = %q, want %q", err, got, want)
		}
	}
}
