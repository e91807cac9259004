package templates

// NumberView is the page that asks for a mobile number.
type NumberView struct {
	Action string
	Lead   string
	Field  NumberField
	Error  string // about more than the number
	Links  []Link
}

// Problems implements Refusable.
func (v NumberView) Problems() []Problem {
	return Problems("", v.Error, "number", v.Field.Error)
}

// Number is the page.
var Number = NewPage[NumberView](files, Card, "number.html")
