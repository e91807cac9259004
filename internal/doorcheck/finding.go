package doorcheck

import "github.com/nightlatch/nightlatch/internal/locale"

// Wrong is one thing that can be wrong with a proxy.
type Wrong string

// What the doctor knows.
const (
	Unknown     Wrong = "unknown"     // no application has the host
	Unreachable Wrong = "unreachable" // nobody answers
	Certificate Wrong = "certificate" // not by its name
	Away        Wrong = "away"        // the proxy reaches nobody behind it
	Open        Wrong = "open"        // nobody is asked
	Ignored     Wrong = "ignored"     // the door is asked, and its no is none
	Partly      Wrong = "partly"      // some paths are open
	Unasked     Wrong = "unasked"     // something else refuses
	Unnamed     Wrong = "unnamed"     // the proxy is not in NIGHTLATCH_TRUSTED_PROXIES
	Claims      Wrong = "claims"      // visitors say who they are
	Connection  Wrong = "connection"  // visitors leave out who they are
	Host        Wrong = "host"        // visitors choose the application that is asked about
	Proto       Wrong = "proto"
	Method      Wrong = "method"
	URI         Wrong = "uri"
	Address     Wrong = "address" // visitors choose their address
	Body        Wrong = "body"    // forms are sent to the door
	Upgrade     Wrong = "upgrade" // a WebSocket is open
	Cached      Wrong = "cached"  // a log-out does not count
	Bare        Wrong = "bare"    // nobody is led to the log-in
	Routed      Wrong = "routed"  // our pages are not on the host
	HostName    Wrong = "hostname"
	Cookie      Wrong = "cookie"
	Beside      Wrong = "beside" // the application is reached past its proxy
	Clock       Wrong = "clock"
	Unfinished  Wrong = "unfinished" // the time was over before every look was had
)

// Finding is something that is wrong.
type Finding struct {
	Wrong Wrong
	args  []any
}

// found returns a Finding with names and values for its sentences.
func found(w Wrong, args ...string) Finding {
	f := Finding{Wrong: w}
	for _, arg := range args {
		f.args = append(f.args, arg)
	}
	return f
}

// Sentence says what is wrong.
func (f Finding) Sentence(lang string) string {
	return locale.T(lang, "doorcheck."+string(f.Wrong), f.args...)
}

// Mend says what mends it.
func (f Finding) Mend(lang string) string {
	return locale.T(lang, "doorcheck_mend."+string(f.Wrong), f.args...)
}
