package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
)

// element is what a test asks of the drawing.
type element struct {
	name string
	attr map[string]string
	text string
}

// read parses the drawing as XML and answers its elements.
func read(t *testing.T, svg string) []element {
	t.Helper()
	var all []element
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attr: map[string]string{}}
			for _, a := range token.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			all = append(all, e)
		case xml.CharData:
			if n := len(all); n > 0 {
				all[n-1].text += string(token)
			}
		}
	}
}

func sample() Stack {
	return Stack{
		ID: "p", Title: "Messages & more", Text: "30 <messages>", Ticks: 2, Number: strconv.Itoa,
		Kinds: []Kind{{"solid", "Delivered"}, {"striped", "Accepted"}, {"crossed", "Failed"}},
		Bars: []Bar{
			{`09:00 "x"`, "09:00", []int{10, 5, 0}}, {"09:02", "09:02", []int{0, 0, 0}}, {"09:04", "09:04", []int{4000, 0, 1}},
			{"09:06", "09:06", []int{1}},
		},
	}
}

func TestEveryPartIsKnownWithoutItsColour(t *testing.T) {
	t.Parallel()
	all := read(t, string(sample().SVG()))
	ids, fills := map[string]bool{}, map[string]string{}
	for _, e := range all {
		if e.name == "pattern" {
			ids["url(#"+e.attr["id"]+")"] = true
		}
		if e.name == "rect" && e.attr["class"] != "ground" && e.attr["class"] != "column" {
			fills[e.attr["class"]] = e.attr["fill"]
		}
	}
	if fills["solid"] != "" {
		t.Errorf("the solid part has the pattern %q", fills["solid"])
	}
	for _, kind := range []string{"striped", "crossed"} {
		if fill := fills[kind]; !ids[fill] {
			t.Errorf("%s is filled with %q, which is not drawn: %v", kind, fill, ids)
		}
	}
}

func TestItIsToldToWhoDoesNotSeeIt(t *testing.T) {
	t.Parallel()
	all := read(t, string(sample().SVG()))
	root := all[0]
	if root.attr["role"] != "img" || root.attr["aria-labelledby"] != "p-title p-desc" {
		t.Errorf("the root is %v", root)
	}
	told := map[string]string{}
	bars := 0
	for _, e := range all {
		if id := e.attr["id"]; id != "" {
			told[id] = e.text
		} else if e.name == "title" {
			bars++
		}
		if strings.Contains(e.attr["style"], ":") {
			t.Errorf("%s has a style, which the policy forbids", e.name)
		}
	}
	if told["p-title"] != "Messages & more" || told["p-desc"] != "30 <messages>" || bars != 4 {
		t.Errorf("told %v, and %d bars have a title", told, bars)
	}
}

func TestBarsStandOnTheFloorAndOnEachOther(t *testing.T) {
	t.Parallel()
	s := sample()
	s.Bars = s.Bars[:1]
	var parts []element
	for _, e := range read(t, string(s.SVG())) {
		if e.name == "rect" && (e.attr["class"] == "solid" || e.attr["class"] == "striped" || e.attr["class"] == "crossed") {
			parts = append(parts, e)
		}
	}
	// 15 messages: lines at 5, 10, 15; 172 px for 15.
	if len(parts) != 2 || parts[0].attr["height"] != "114.7" || parts[0].attr["y"] != "75.3" ||
		parts[1].attr["height"] != "57.3" || parts[1].attr["y"] != "18.0" {
		t.Errorf("the parts are %v", parts)
	}
}

func TestTheLinesAreAtRoundNumbers(t *testing.T) {
	t.Parallel()
	for most, want := range map[int][2]int{0: {1, 1}, 1: {1, 1}, 4: {1, 4}, 5: {2, 3}, 9: {5, 2}, 20: {5, 4},
		21: {10, 3}, 81: {50, 2}, 4001: {2000, 3}, 100_000: {50_000, 2}} {
		if step, lines := scale(most); step != want[0] || lines != want[1] {
			t.Errorf("up to %d there are %d lines of %d, want %v", most, lines, step, want)
		}
	}
}

func TestNothingIsDrawnOfNothing(t *testing.T) {
	t.Parallel()
	for _, e := range read(t, string(Stack{ID: "p", Number: strconv.Itoa}.SVG())) {
		if e.name == "rect" {
			t.Errorf("drawn: %v", e)
		}
	}
}
