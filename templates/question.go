package templates

// Question is asked before something is done that cannot be taken back lightly. It names what it is about.
type Question struct {
	Title   string
	Text    string
	Warning string // beside a sign, or ""
	Action  string // where Yes posts to
	Yes     string
	Check   string // a box that can be ticked with it, posted as also=yes, or ""
}
