package mailtest

import (
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
)

// Text returns the plain text of a mail, and HTML its other form, or "".
func (m Mail) Text(t testing.TB) string { return m.part(t, "text/plain") }

// HTML returns the form of a mail that is for programs which show it, or "".
func (m Mail) HTML(t testing.TB) string { return m.part(t, "text/html") }

func (m Mail) part(t testing.TB, kind string) string {
	t.Helper()
	message, err := netmail.ReadMessage(strings.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	media, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if media == kind {
		return decode(t, message.Body)
	}
	if media != "multipart/alternative" {
		return ""
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return ""
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), kind) {
			return decode(t, part)
		}
	}
}

func decode(t testing.TB, body io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(quotedprintable.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
