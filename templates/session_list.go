package templates

import "time"

// SessionList is the living sessions of whoever looks.
type SessionList struct {
	Rows         []SessionRow
	EndOthersURL string
}

// SessionRow is one of them.
type SessionRow struct {
	Name     string // browser and system
	Phone    bool
	Address  string
	Current  bool
	LastSeen time.Time
	EndURL   string
}
