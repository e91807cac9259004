// Package phone reads mobile numbers: which country a number belongs to, while
// it is being typed (Live) and when it is complete (Parse), and how it is shown
// (International, Masked).
//
// The rule it protects: what Parse accepts can get a text message and does not
// cost us a fortune. Fixed lines, premium, shared-cost, personal, toll-free and
// satellite numbers are refused by their kind, because libphonenumber calls them
// valid. A user who is sure of an unlisted number opens none of these either.
//
// libphonenumber knows the numbers; the only table beside it is the few lines of
// areas in live.go. What it cannot say, whether the beginning of a number may
// still become one, is in shape.go. Start at live.go, parse.go and
// classify.go.
package phone
