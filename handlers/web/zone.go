package web

import (
	"regexp"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/locale"
)

const keyZone = "zone"

// zones are the time zones of readers. A browser tells its own in a cookie that app.js sets; a reader without one is
// told moments in the installation's, with its name.
type zones struct {
	own   *time.Location
	known sync.Map // by name, *time.Location: reading one takes a file
}

// zoneName is the form of a name of the IANA database.
var zoneName = regexp.MustCompile(`^[A-Za-z]{2,14}(/[A-Za-z0-9_+-]{1,30}){0,2}$`)

// of returns the zone of a name, or false for what is none.
func (z *zones) of(name string) (*time.Location, bool) {
	if found, ok := z.known.Load(name); ok {
		return found.(*time.Location), true
	}
	if !zoneName.MatchString(name) || name == "Local" {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, false
	}
	z.known.Store(name, zone)
	return zone, true
}

// ReadZone finds out in which time zone the reader is.
func (w *Web) ReadZone(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(keyZone, w.zones.own)
		// The script's cookie is never one without the prefix: on loopback too it takes the secure form.
		if cookie, err := c.Cookie(hostPrefix + CookieZone); err == nil {
			if zone, ok := w.zones.of(cookie.Value); ok {
				c.Set(keyZone, zone)
			}
		}
		return next(c)
	}
}

// Zone returns the reader's time zone.
func Zone(c echo.Context) *time.Location {
	if zone, ok := c.Get(keyZone).(*time.Location); ok {
		return zone
	}
	return time.UTC
}

// zoneCookie returns the name of the reader's zone when their browser told it, else "".
func (w *Web) zoneCookie(c echo.Context) string {
	if zone := Zone(c); zone != w.zones.own {
		return zone.String()
	}
	return ""
}

var moment = regexp.MustCompile(`(<time datetime="([^"]+)" data-local="(\w+)">)</time>`)

// inZone writes into each <time> of a page its moment in the reader's zone. app.js does the same in the browser, for a
// page that is older than the cookie.
func inZone(page []byte, lang string, zone *time.Location) []byte {
	layouts := map[string]locale.Layout{"time": locale.Second, "minute": locale.Minute, "date": locale.Moment}
	return moment.ReplaceAllFunc(page, func(element []byte) []byte {
		found := moment.FindSubmatch(element)
		at, err := time.Parse(time.RFC3339, string(found[2]))
		layout, ok := layouts[string(found[3])]
		if err != nil || !ok {
			return element
		}
		return append(found[1], locale.Time(lang, layout, at.In(zone))+"</time>"...)
	})
}

// WriteHTML answers with a page or a part of one.
func WriteHTML(c echo.Context, status int, lang string, html []byte) error {
	return c.Blob(status, "text/html; charset=UTF-8", inZone(html, lang, Zone(c)))
}
