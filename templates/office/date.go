package office

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// DateCard is the date from which two factors are demanded, and who has another.
type DateCard struct {
	MayChange bool
	Active    bool
	From      time.Time // zero without a date
	Waves     []Wave
	Field     templates.DateField
	Grace     int   // hours
	Graces    []int // that can be chosen
}
