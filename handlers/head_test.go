package handlers

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/nightlatch/nightlatch/handlers/web"
)

func TestHeadIsAnsweredAsGetWithoutABody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	server := httptest.NewServer(web.HeadAsGet(f.site))
	defer server.Close()
	for path, want := range map[string]int{"/login": 200, "/healthz": 200, "/settings/me": 200, "/nothing": 404} {
		res, err := http.Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != want || len(body) != 0 || res.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("HEAD %s: %d, want %d, with %d bytes", path, res.StatusCode, want, len(body))
		}
	}
}
