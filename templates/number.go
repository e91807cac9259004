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
var Number = newPage[NumberView]("card.html", "number.html")

// CheckNumberView is the page on which a user checks the number that their office registered.
type CheckNumberView struct {
	Number string // calling code and last four digits: only the password is proven yet
	Error  string
}

// CheckNumber is the page.
var CheckNumber = newPage[CheckNumberView]("card.html", "check_number.html")
