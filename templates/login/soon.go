package login

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// SoonView offers a second factor to who need not have one yet.
type SoonView struct {
	Office string
	From   time.Time // it is demanded
	Later  string    // how long that is: "in 4 days"

	Passkeys bool // are offered
}

// Soon is the page.
var Soon = templates.NewPage[SoonView](files, templates.Card, "soon.html")
