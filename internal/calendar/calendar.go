// Package calendar reads the days of an iCalendar file (RFC 5545): whole days, moments, several days, and what recurs.
//
// The rule it protects: a file is a stranger's. What cannot be read is said with its line, never guessed, and no file
// takes longer than a page may. Start at Read.
package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/teambition/rrule-go"
)

// MaxFile is the largest file that is read, in bytes.
const MaxFile = 512 << 10

const (
	maxDays = 366             // of one event
	maxTime = 2 * time.Second // for a whole file: rules may ask for days that never come
	maxName = 120             // characters of a name
	maxRule = 256             // bytes of a rule
	oneDay  = 24 * time.Hour
	dayForm = "20060102"

	maxExcept = 1000 // days on which one event does not recur
)

// Why a file is not read at all.
var (
	ErrNotCalendar = errors.New("not an iCalendar file")
	ErrTooLarge    = errors.New("the file is too large, or takes too long to read")
)

// Day is a day of the calendar and what it is called. Its Date is midnight in UTC.
type Day struct {
	Date time.Time
	Name string
}

// Problem is an event that is left out: the line where it begins, and why, the catalogue's calendar.<Why>.
type Problem struct {
	Line int
	Why  string
}

// The reasons.
const (
	BadDate  = "bad_date" // no start, or one that is no date
	BadZone  = "bad_zone" // a time zone that nobody knows
	BadRule  = "bad_rule" // it recurs in a way that is not read
	TooLong  = "too_long" // it ends before it begins, or lasts for more than a year
	Unclosed = "unclosed" // the file ends within it
	BadLine  = "bad_line" // a line that is none of a calendar's
)

// Read returns the days of a file's events between two days, both included, in the order of the calendar, each once;
// and the events that are left out. zone is where moments are days, and that of moments that name none. It returns
// ErrNotCalendar and ErrTooLarge.
func Read(file []byte, from, to time.Time, zone *time.Location) ([]Day, []Problem, error) {
	if len(file) > MaxFile {
		return nil, nil, ErrTooLarge
	}
	lines := unfold(file)
	if len(lines) == 0 || !strings.EqualFold(strings.TrimSpace(string(lines[0].text)), "BEGIN:VCALENDAR") {
		return nil, nil, ErrNotCalendar
	}
	r := reader{
		from: midnight(from), to: midnight(to), zone: zone, until: time.Now().Add(maxTime), names: map[time.Time]string{},
	}
	for _, l := range lines[1:] {
		if err := r.line(l); err != nil {
			return nil, nil, err
		}
	}
	if r.event != nil {
		r.leaveOut(Unclosed)
	}
	days := make([]Day, 0, len(r.names))
	for date, name := range r.names {
		days = append(days, Day{date, name})
	}
	slices.SortFunc(days, func(a, b Day) int { return a.Date.Compare(b.Date) })
	return days, r.problems, nil
}

// midnight is the day of a moment as its clocks show it, in UTC.
func midnight(at time.Time) time.Time {
	year, month, day := at.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// line is an unfolded line, and where it begins.
type line struct {
	number int
	text   []byte
}

// unfold joins lines that were folded: one that begins with a blank goes on with the one before.
func unfold(file []byte) (lines []line) {
	file = bytes.TrimPrefix(file, []byte("\uFEFF"))
	for i, raw := range bytes.Split(file, []byte("\n")) {
		raw = bytes.TrimSuffix(raw, []byte("\r"))
		switch {
		case len(raw) > 0 && (raw[0] == ' ' || raw[0] == '\t') && len(lines) > 0:
			lines[len(lines)-1].text = append(lines[len(lines)-1].text, raw[1:]...)
		case len(bytes.TrimSpace(raw)) > 0:
			lines = append(lines, line{i + 1, bytes.Clone(raw)})
		}
	}
	return lines
}

// property is a line of an event: NAME;PARAMETER=value;…:value.
type property struct {
	name, value string
	parameters  map[string]string
}

// parse reads a line. Parameters may be quoted, with what parts others within.
func parse(text string) (p property, ok bool) {
	quoted, colon := false, -1
	var cuts []int
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case quoted:
		case text[i] == ';':
			cuts = append(cuts, i)
		case text[i] == ':':
			colon = i
		}
		if colon >= 0 {
			break
		}
	}
	if colon < 1 || quoted || !utf8.ValidString(text) {
		return property{}, false
	}
	cuts = append(cuts, colon)
	p = property{strings.ToUpper(text[:cuts[0]]), text[colon+1:], map[string]string{}}
	for i, cut := range cuts[1:] {
		key, value, has := strings.Cut(text[cuts[i]+1:cut], "=")
		if !has {
			return property{}, false
		}
		p.parameters[strings.ToUpper(key)] = strings.Trim(value, `"`)
	}
	return p, true
}

type reader struct {
	from, to time.Time
	zone     *time.Location
	until    time.Time // the clock's, by which all is read
	names    map[time.Time]string
	problems []Problem
	event    *event
	inner    int // how deep within an event's own parts, as its alarms
}

// event is one on its way.
type event struct {
	line      int
	broken    string
	name      string
	cancelled bool
	start     moment
	end       moment
	rule      string
	except    []property
}

// moment is a day, or a moment of one.
type moment struct {
	at    time.Time
	whole bool // a day
}

func (r *reader) leaveOut(why string) {
	r.problems = append(r.problems, Problem{r.event.line, why})
	r.event = nil
}

func (r *reader) line(l line) error {
	p, ok := parse(string(l.text))
	part := strings.ToUpper(p.value)
	switch {
	case r.event == nil:
		if ok && p.name == "BEGIN" && part == "VEVENT" {
			r.event = &event{line: l.number}
		}
		return nil
	case !ok:
		r.event.broken = BadLine
	case p.name == "BEGIN" && part == "VEVENT":
		r.leaveOut(Unclosed)
		r.event, r.inner = &event{line: l.number}, 0
	case p.name == "BEGIN":
		r.inner++
	case p.name == "END" && part == "VEVENT":
		r.inner = 0
		if time.Now().After(r.until) {
			return ErrTooLarge
		}
		r.close()
	case p.name == "END":
		r.inner--
	case r.inner == 0:
		r.event.take(p, r.zone)
	}
	return nil
}

// take reads a property of the event; the first thing that is wrong is why it is left out.
func (e *event) take(p property, zone *time.Location) {
	var err error
	switch p.name {
	case "SUMMARY":
		e.name = clip(unescape(p.value))
	case "STATUS":
		e.cancelled = strings.EqualFold(p.value, "CANCELLED")
	case "DTSTART":
		e.start, err = p.moment(zone)
	case "DTEND":
		e.end, err = p.moment(zone)
	case "RRULE":
		if e.rule != "" {
			e.broken = BadRule
		}
		e.rule = p.value
	case "EXDATE":
		e.except = append(e.except, p)
	case "RDATE", "EXRULE", "DURATION":
		e.broken = BadRule
	}
	switch {
	case errors.Is(err, errZone):
		e.broken = BadZone
	case err != nil:
		e.broken = BadDate
	}
}

var (
	errZone = errors.New("no such time zone")
	errDate = errors.New("no date")
)

// moment reads a value as a day or a moment.
func (p property) moment(zone *time.Location) (moment, error) {
	if p.parameters["VALUE"] == "DATE" || len(p.value) == len(dayForm) {
		day, err := time.Parse(dayForm, p.value)
		if err != nil || day.Year() < 1900 {
			return moment{}, errDate
		}
		return moment{day, true}, nil
	}
	text, utc := strings.CutSuffix(p.value, "Z")
	in := zone
	if name := p.parameters["TZID"]; utc {
		in = time.UTC
	} else if name != "" {
		var err error
		if in, err = time.LoadLocation(name); err != nil || name == "Local" {
			return moment{}, errZone
		}
	}
	at, err := time.ParseInLocation("20060102T150405", text, in)
	if err != nil || at.Year() < 1900 {
		return moment{}, errDate
	}
	return moment{at, false}, nil
}

// close adds the days of the event that ends.
func (r *reader) close() {
	e := r.event
	if e.broken == "" && e.start.at.IsZero() {
		e.broken = BadDate
	}
	if e.broken == "" && !e.cancelled {
		e.broken = r.add(e)
	}
	if e.broken != "" {
		r.leaveOut(e.broken)
		return
	}
	r.event = nil
}

// add adds the days of an event, and says why it cannot.
func (r *reader) add(e *event) (why string) {
	length := e.end.at.Sub(e.start.at)
	switch {
	case e.end.at.IsZero() && e.start.whole:
		length = oneDay
	case e.end.at.IsZero():
		length = 0
	case e.end.whole != e.start.whole:
		return BadDate
	case length < 0 || length > maxDays*oneDay:
		return TooLong
	}
	starts := []time.Time{e.start.at}
	if e.rule != "" {
		var err error
		if starts, err = r.recur(e, length); err != nil {
			return BadRule
		}
	}
	for _, start := range starts {
		r.days(e, start, length)
	}
	return ""
}

// days adds each day that something touches. What ends at midnight does not touch the day that begins then.
func (r *reader) days(e *event, start time.Time, length time.Duration) {
	last := start.Add(length)
	if length > 0 {
		last = last.Add(-time.Nanosecond)
	}
	if !e.start.whole {
		start, last = start.In(r.zone), last.In(r.zone)
	}
	for day := midnight(start); !day.After(midnight(last)); day = day.AddDate(0, 0, 1) {
		if day.Before(r.from) || day.After(r.to) {
			continue
		}
		if r.names[day] == "" {
			r.names[day] = e.name
		}
	}
}

// recur returns when an event begins that touches a day that is asked for.
func (r *reader) recur(e *event, length time.Duration) ([]time.Time, error) {
	if len(e.rule) > maxRule {
		return nil, errDate
	}
	option, err := rrule.StrToROptionInLocation(e.rule, e.start.at.Location())
	if err != nil {
		return nil, fmt.Errorf("read a rule: %w", err)
	}
	// What recurs within a day, or is counted from its end, would cost memory and time without measure.
	within := len(option.Byhour) + len(option.Byminute) + len(option.Bysecond) + len(option.Bysetpos)
	if option.Freq > rrule.DAILY || within > 0 {
		return nil, errDate
	}
	option.Dtstart = e.start.at
	if end := r.to.Add(2 * oneDay); option.Until.IsZero() || option.Until.After(end) {
		option.Until = end // a rule that never comes is looked for no further
	}
	rule, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, fmt.Errorf("read a rule: %w", err)
	}
	not, err := r.excepted(e)
	if err != nil {
		return nil, err
	}
	var starts []time.Time
	earliest := r.from.Add(-length - 2*oneDay)
	for next := rule.Iterator(); ; {
		start, more := next()
		if !more {
			return starts, nil
		}
		if time.Now().After(r.until) {
			return nil, errDate
		}
		if !start.Before(earliest) && !not[start.UTC()] {
			starts = append(starts, start)
		}
	}
}

// excepted returns when an event does not recur.
func (r *reader) excepted(e *event) (map[time.Time]bool, error) {
	not := map[time.Time]bool{}
	for _, p := range e.except {
		for value := range strings.SplitSeq(p.value, ",") {
			if len(not) == maxExcept || time.Now().After(r.until) {
				return nil, errDate
			}
			at, err := property{value: value, parameters: p.parameters}.moment(r.zone)
			if err != nil {
				return nil, err
			}
			not[at.at.UTC()] = true
		}
	}
	return not, nil
}

// unescape returns a text as it was meant, on one line.
func unescape(text string) string {
	text = strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, " ", `\N`, " ").Replace(text)
	return strings.Join(strings.Fields(text), " ")
}

// clip cuts a name that is too long.
func clip(name string) string {
	if runes := []rune(name); len(runes) > maxName {
		return string(runes[:maxName])
	}
	return name
}
