package doctor

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/phone"
)

// report prints findings, a line each, and counts the problems.
type report struct {
	out      io.Writer
	problems int
}

func (r *report) ok(format string, args ...any)      { r.print("ok", format, args...) }
func (r *report) warning(format string, args ...any) { r.print("warning", format, args...) }
func (r *report) problem(format string, args ...any) {
	r.problems++
	r.print("problem", format, args...)
}

// print prints one line; an error's text may have several.
func (r *report) print(state, format string, args ...any) {
	text := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	fmt.Fprintf(r.out, "%-8s %s\n", state, phone.Mask(text))
}

// err returns an error that counts the problems, nil when there are none.
func (r *report) err() error {
	switch r.problems {
	case 0:
		return nil
	case 1:
		return errors.New("doctor found 1 problem")
	}
	return fmt.Errorf("doctor found %d problems", r.problems)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// roughly returns a duration as a person would say it: 45 s, 12 min, 3 h, 9 days.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
