package typed

import "strings"

// Arguments returns the arguments of a command as a Line each. A word processor makes one dash of two: what begins with
// a long dash is an option.
func Arguments(args []string) []string {
	read := make([]string, len(args))
	for i, arg := range args {
		arg = strings.TrimLeftFunc(arg, Unseen)
		for _, long := range []string{"\u2013", "\u2014", "\u2015"} {
			if rest, ok := strings.CutPrefix(arg, long); ok {
				arg = "--" + strings.TrimLeft(rest, "-\u2013\u2014\u2015")
			}
		}
		read[i] = Line(arg)
	}
	return read
}
