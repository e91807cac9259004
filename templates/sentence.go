package templates

import "time"

// Sentence is a text with moments in it.
type Sentence []Part

// Part is a piece of text or, where At is not zero, a moment. The text leads to URL where there is one.
type Part struct {
	Text string
	URL  string
	At   time.Time
}
