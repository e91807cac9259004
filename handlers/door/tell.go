package door

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/doorcheck"
)

// tell tells the doctor what came of its own request. That is judged as anybody's: a probe opens nothing.
func (s *Screens) tell(c echo.Context, at string) {
	r := c.Request()
	probe := r.Header.Get(doorcheck.Header)
	if probe == "" {
		return
	}
	seen := doorcheck.Sighting{
		At: at, Named: s.proxies.Named(r.RemoteAddr), Refused: r.Header.Get(headerRefused) != "",
		Method: strings.Join(r.Header[forwardedMethod], ", "), Proto: strings.Join(r.Header[forwardedProto], ", "),
		Host: strings.Join(r.Header[forwardedHost], ", "), URI: strings.Join(r.Header[forwardedURI], ", "),
		Address: c.RealIP(), Peer: peer(r.RemoteAddr), Body: r.ContentLength != 0,
	}
	if at == doorcheck.AtHost {
		seen.Host = r.Host
	}
	for name, values := range r.Header {
		if slices.Contains(values, doorcheck.Claim) {
			seen.Claimed = append(seen.Claimed, name)
		}
	}
	if err := s.probes.Tell(r.Context(), probe, seen); err != nil {
		s.Logger.ErrorContext(r.Context(), "the doctor is not told what was seen", "error", err)
	}
}

// peer returns the address of a connection without its port.
func peer(remoteAddr string) string {
	if i := strings.LastIndexByte(remoteAddr, ':'); i > 0 {
		return strings.Trim(remoteAddr[:i], "[]")
	}
	return remoteAddr
}
