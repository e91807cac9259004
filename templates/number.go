package templates

// NumberView is the page that asks for a mobile number.
type NumberView struct {
	Action string
	Lead   string
	Field  NumberField
	Error  string // about more than the number
	Links  []Link
}

// Number is the page.
var Number = NewPage[NumberView](files, Card, "number.html")
