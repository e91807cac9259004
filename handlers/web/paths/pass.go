package paths

import (
	"slices"
	"strings"
)

// OpenToPass reports whether a day pass may use a route behind the log-in: what opens applications, what shows the user
// themselves, and the way to prove the second factor after all. Every route that is not here is closed to it.
func OpenToPass(route string) bool {
	return strings.HasPrefix(route, StepUp) || slices.Contains([]string{
		Applications, ApplicationOnly, ApplicationPicture, DoorVisit, Settings, Me, Notices,
	}, route)
}
