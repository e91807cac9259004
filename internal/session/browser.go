package session

import "strings"

// Browser says what a User-Agent header most likely is: "Firefox", "Windows". Both are "" when it is not known.
func Browser(agent string) (browser, system string) {
	find := func(marks ...[2]string) string {
		for _, m := range marks {
			if strings.Contains(agent, m[0]) {
				return m[1]
			}
		}
		return ""
	}
	browser = find([2]string{"Edg/", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"Firefox/", "Firefox"},
		[2]string{"FxiOS", "Firefox"},
		[2]string{"CriOS", "Chrome"}, [2]string{"Chrome/", "Chrome"}, [2]string{"Safari/", "Safari"})
	system = find([2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"Android", "Android"},
		[2]string{"Windows", "Windows"},
		[2]string{"Mac OS X", "macOS"}, [2]string{"Linux", "Linux"})
	if browser == "" || system == "" {
		return "", ""
	}
	return browser, system
}
