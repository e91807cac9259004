package phone

import (
	"regexp/syntax"
	"sync"
)

// A shape is a number pattern that can be asked about the beginning of a
// number. Go's regexp reports only whether a whole number matches, and while
// somebody is typing the question is whether it still can.
//
// It holds the compiled pattern and walks it digit by digit, in every place it
// can be at once. The patterns are libphonenumber's: digits, classes, choices
// and counts, no anchors.
type shape struct {
	prog *syntax.Prog
}

// shapeOf compiles patterns into one shape that fits what any of them fits.
// Empty patterns and libphonenumber's "NA" fit nothing; shapeOf(NA) is nil, and
// a nil shape fits nothing.
func shapeOf(patterns ...string) *shape {
	expr := ""
	for _, p := range patterns {
		if p == "" || p == "NA" {
			continue
		}
		if expr != "" {
			expr += "|"
		}
		expr += "(?:" + p + ")"
	}
	if expr == "" {
		return nil
	}
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil // the library itself could not use such a pattern
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil
	}
	return &shape{prog}
}

// fit is how far a number goes into a shape.
type fit struct {
	alive   int  // how many leading digits can still become a whole number
	inside  bool // some beginning of the digits is a whole number already
	matches bool // all of the digits are a whole number
}

// walk follows digits into the shape until they leave it.
func (s *shape) walk(digits string) fit {
	var f fit
	if s == nil {
		return f
	}
	w := walkers.Get().(*walker)
	defer walkers.Put(w)
	w.start(len(s.prog.Inst))

	w.reach(s.prog, uint32(s.prog.Start))
	for i := range len(digits) {
		w.step(s.prog, rune(digits[i]))
		if len(w.here) == 0 && !w.whole {
			return f
		}
		f.alive = i + 1
		f.inside = f.inside || w.whole
		f.matches = w.whole && i+1 == len(digits)
	}
	return f
}

// A walker is the set of places a walk is at: a set with a stamp per place, so
// that emptying it for the next digit costs nothing.
type walker struct {
	here, next []uint32
	seen       []uint32
	stamp      uint32
	whole      bool
}

// walkers are used again: Live asks some thirty shapes per keystroke.
var walkers = sync.Pool{New: func() any { return new(walker) }}

func (w *walker) start(places int) {
	if len(w.seen) < places {
		w.seen = make([]uint32, places)
		w.stamp = 0
	}
	w.here = w.here[:0]
	w.whole = false
	w.mark()
}

// mark empties the set.
func (w *walker) mark() {
	w.stamp++
	if w.stamp == 0 { // wrapped: old stamps could look new
		clear(w.seen)
		w.stamp = 1
	}
}

// step moves every place over one digit.
func (w *walker) step(prog *syntax.Prog, digit rune) {
	w.here, w.next = w.next[:0], w.here
	w.whole = false
	w.mark()
	for _, at := range w.next {
		if inst := &prog.Inst[at]; inst.MatchRune(digit) {
			w.reach(prog, inst.Out)
		}
	}
}

// reach adds a place, and those that can be reached from it without a digit.
func (w *walker) reach(prog *syntax.Prog, at uint32) {
	if w.seen[at] == w.stamp {
		return
	}
	w.seen[at] = w.stamp
	switch inst := &prog.Inst[at]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		w.reach(prog, inst.Out)
		w.reach(prog, inst.Arg)
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		w.reach(prog, inst.Out)
	case syntax.InstMatch:
		w.whole = true
	case syntax.InstFail:
	default:
		w.here = append(w.here, at)
	}
}
