// Package plot draws stacked bars over time as SVG, on the server.
//
// The rule it protects: a plot is read without colour and without sight. Each part of a bar has a pattern
// of its own beside its colour, each bar has its numbers in its <title>, and the plot describes itself in its <desc>;
// the page shows the same numbers in a table beside it. Colours come from the style sheet by
// class, so that light and dark follow the page. Widths are in per cent and heights in pixels: the plot
// grows with its page while its letters stay as large as they are. It is a leaf: start at Stack.SVG.
package plot

import (
	"encoding/xml"
	"fmt"
	"html/template"
	"strconv"
	"strings"
)

// Kind is one part of every bar: its key is its class, and names its pattern in patterns.
type Kind struct {
	Key  string // solid, striped, dotted, hollow, crossed
	Name string // in the page's language
}

// Bar is one step of time. Values are in the order of the kinds.
type Bar struct {
	Label  string // what the reader hears and sees on pointing: "09:30: 12 messages"
	Tick   string // the short form on the axis
	Values []int
}

// Stack is a plot.
type Stack struct {
	ID    string // unique in its page
	Title string
	Text  string // what it shows, in a sentence
	Kinds []Kind
	Bars  []Bar
	Ticks int // labels on the axis, at most; evenly spread

	Number func(int) string // writes a number on the axis, shortly, in the page's language
}

const (
	height = 220
	top    = 18  // room for the highest line's label
	floor  = 190 // where the bars stand
	left   = 7.0 // per cent, for the labels of the lines
	gap    = 0.28
)

// Patterns are drawn once for each plot; a legend on the same page may use them too, by PatternID.
var patterns = map[string]string{
	"striped": `<path d="M-2 2 2 -2M0 8 8 0M6 10 10 6"/>`,
	"dotted":  `<circle cx="2" cy="2" r="1.4"/><circle cx="6" cy="6" r="1.4"/>`,
	"hollow":  ``,
	"crossed": `<path d="M0 0 8 8M8 0 0 8"/>`,
}

// PatternID returns the id of a kind's pattern.
func PatternID(plot, kind string) string { return plot + "-" + kind }

// SVG returns the plot as an svg element.
func (s Stack) SVG() template.HTML {
	most := 0
	for _, b := range s.Bars {
		most = max(most, sum(b.Values))
	}
	step, lines := scale(most)
	perUnit := float64(floor-top) / float64(step*lines)

	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="plot" width="100%%" height="%d" role="img" aria-labelledby="%s-title %s-desc">`,
		height, s.ID, s.ID)
	fmt.Fprintf(&b, `<title id="%s-title">%s</title><desc id="%s-desc">%s</desc><defs>`, s.ID, escape(s.Title),
		s.ID, escape(s.Text))
	for _, k := range s.Kinds {
		if inside, ok := patterns[k.Key]; ok {
			fmt.Fprintf(&b,
				`<pattern id="%s" class="%s" width="8" height="8" patternUnits="userSpaceOnUse">`+
					`<rect class="ground" width="8" height="8"/>%s</pattern>`,
				PatternID(s.ID, k.Key), k.Key, inside)
		}
	}
	b.WriteString(`</defs><g aria-hidden="true">`)
	for i := range lines + 1 {
		y := float64(floor) - float64(i*step)*perUnit
		fmt.Fprintf(&b, `<line x1="0" x2="100%%" y1="%s" y2="%s"/>`, px(y), px(y))
		if i > 0 {
			fmt.Fprintf(&b, `<text x="0" y="%s">%s</text>`, px(y-4), escape(s.Number(i*step)))
		}
	}
	s.draw(&b, perUnit)
	b.WriteString(`</g></svg>`)
	return template.HTML(b.String()) // #nosec G203 -- every text in it went through escape
}

func (s Stack) draw(b *strings.Builder, perUnit float64) {
	if len(s.Bars) == 0 {
		return
	}
	slot := (100 - left) / float64(len(s.Bars))
	every := 1
	if s.Ticks > 0 {
		every = max(1, (len(s.Bars)+s.Ticks-1)/s.Ticks)
	}
	for i, bar := range s.Bars {
		x := left + float64(i)*slot
		fmt.Fprintf(b, `<g class="step"><title>%s</title>`, escape(bar.Label))
		// The whole column reacts to the pointer, an empty one too.
		fmt.Fprintf(b, `<rect class="column" x="%s" width="%s" y="%d" height="%d"/>`, percent(x),
			percent(slot), top, floor-top)
		y := float64(floor)
		for k, kind := range s.Kinds {
			if k >= len(bar.Values) || bar.Values[k] <= 0 {
				continue
			}
			// One message among thousands is still seen.
			h := max(1.5, float64(bar.Values[k])*perUnit)
			y -= h
			fill := ""
			if _, ok := patterns[kind.Key]; ok {
				fill = fmt.Sprintf(` fill="url(#%s)"`, PatternID(s.ID, kind.Key))
			}
			fmt.Fprintf(b, `<rect class="%s"%s x="%s" width="%s" y="%s" height="%s"/>`, kind.Key, fill,
				percent(x+slot*gap/2), percent(slot*(1-gap)), px(y), px(h))
		}
		b.WriteString(`</g>`)
		if i%every == 0 {
			fmt.Fprintf(b, `<text x="%s" y="%d">%s</text>`, percent(x), height-12, escape(bar.Tick))
		}
	}
}

// scale returns the distance between grid lines and how many there are: 1, 2 or 5 times a power of ten, at most five.
func scale(most int) (step, lines int) {
	step = 1
	for i := 0; step*4 < most; i++ {
		step = step * []int{2, 5, 2}[i%3] / []int{1, 2, 1}[i%3]
	}
	return step, max(1, (most+step-1)/step)
}

func sum(values []int) (total int) {
	for _, v := range values {
		total += v
	}
	return total
}

func px(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

func percent(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) + "%" }

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
