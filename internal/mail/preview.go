package mail

import (
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// Reminder is what a reminder of a date is made of.
type Reminder struct {
	Language, Office, Name string
	Date                   time.Time
	Zone                   *time.Location
}

// Preview returns the subject and the text of a reminder as it will be sent, but for the moment and the address at
// which that happens. origin is the public one.
func Preview(product, origin string, r Reminder) (subject, text string) {
	s := &Service{product: product, zone: r.Zone, origin: func() string { return origin }}
	l := s.write(dbsqlc.MailForSendingRow{
		Kind: "reminder_date", Language: r.Language, OfficeName: r.Office, Name: r.Name, DemandedFrom: r.Date,
	}, "")
	l.Facts = nil
	return l.Subject, l.text()
}
