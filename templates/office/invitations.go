package office

// InvitationsView is for how long an invitation to the office lives.
type InvitationsView struct {
	Days    int
	Choices []int // days
}
