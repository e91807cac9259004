package office

import "time"

// WaveSection is who has another date than the office's, and the form of one.
type WaveSection struct {
	All    []Wave
	Roles  []string // who can be chosen beside a group, by their names in the program
	People []Person // of the office, to choose a group from
	// The form, as typed or as the wave that it changes stands.
	ID             int64 // of that wave; 0 for a new one
	Role           string
	Name           string
	Usernames      string
	Chosen         map[string]bool // of People, by username
	From           string          // as a browser's field takes it
	Least, Zone    string
	NameError      string
	UsernamesError string
	FromError      string
}

// Wave is who has a date of their own.
type Wave struct {
	ID        int64
	Name      string
	Usernames []string // of a group
	From      time.Time
}

// Person is somebody of an office.
type Person struct{ Username, Name string }
