package office

// RescueSection is how the office gets out of trouble.
type RescueSection struct {
	Hours        string // of cooling-off
	HoursError   string
	TwoApprovers bool
}
