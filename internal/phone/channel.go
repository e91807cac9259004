package phone

// Channel is a way in which a code reaches a phone.
type Channel string

// The channels.
const (
	ByText Channel = "sms"
	ByCall Channel = "call"
)
