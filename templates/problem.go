package templates

// Problem is what is wrong with a form that came back: a sentence, and the field that it is about, by its id. The field
// is "" where it is about the form as a whole.
type Problem struct{ Field, Text string }

// Refusable is a view that may come back with problems. The page then begins with all of them, has the focus there, and
// says so in its title.
type Refusable interface{ Problems() []Problem }

// Problems returns those of pairs of a field and a sentence whose sentence is not "".
func Problems(pairs ...string) (found []Problem) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			found = append(found, Problem{pairs[i], pairs[i+1]})
		}
	}
	return found
}
