package office

// ReminderSection is what is sent before a date, as its readers will see it.
type ReminderSection struct {
	Mails    bool // this installation sends mail
	Previews []ReminderPreview
}

// ReminderPreview is a mail in a language.
type ReminderPreview struct {
	Language, Subject string
	Text              []string // its paragraphs
}
