package handlers

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/nightlatch/nightlatch/internal/mail"
)

func TestTheDemoMailboxEscapesWhateverAMailSays(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	box := mail.NewDemoMailbox(f.pool)
	body := "<script>alert(1)</script>\n\nhttps://evil.example/link/abc\n\nhttp://localhost.evil.example/link/abc\n\n" +
		"http://localhost/link/abc\n\njavascript:alert(1)\n\nhttp://localhost/link/abc and more"
	if err := box.Send(t.Context(), mail.Message{To: `"><b>`, Subject: "<img src=x>", Body: body}); err != nil {
		t.Fatal(err)
	}
	rec := f.ask(http.MethodGet, "/demo/mailbox", "", "")
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(rec.Body.String()))
	if err != nil || rec.Code != http.StatusOK {
		t.Fatal(rec.Code, err)
	}
	if n := doc.Find("main script, main img, main b").Length(); n != 0 {
		t.Errorf("%d elements came out of a mail", n)
	}
	links := doc.Find("main a").Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("href", "") })
	if len(links) != 1 || links[0] != "http://localhost/link/abc" {
		t.Errorf("the links are %q", links)
	}
	if rec := f.ask(http.MethodGet, "/demo/mailbox?after=1", "", "", "HX-Request-Type",
		"partial"); rec.Code != http.StatusNoContent {
		t.Errorf("nothing new answers %d", rec.Code)
	}
	if rec := f.ask(http.MethodGet, "/demo/mailbox?after=0", "", "", "HX-Request-Type",
		"partial"); rec.Code != http.StatusOK {
		t.Errorf("something new answers %d", rec.Code)
	}
}
