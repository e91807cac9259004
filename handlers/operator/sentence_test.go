package operator

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/templates"
)

func TestASentenceKeepsItsMoments(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/", nil)
	c := echo.New().NewContext(r, httptest.NewRecorder())
	screens := &Screens{Web: &web.Web{Origin: &url.URL{Scheme: "http", Host: "localhost"}}}
	at := time.Date(2026, 11, 26, 9, 12, 0, 0, time.UTC)
	got := screens.sentence(c, operator.Sentence{Key: "why.not_sent", Args: []any{
		"At", at, "Limit", operator.Sentence{Key: "op_limit.office", Args: []any{"N", 50}},
	}})
	want := templates.Sentence{{Text: "No code was sent at "}, {At: at},
		{Text: ": the office has reached its limit of 50 messages an hour to new numbers."}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	unknown := screens.sentence(c, operator.Sentence{Key: "story.not_sent", Args: []any{
		"Limit", operator.Sentence{Key: "op_limit.new_rule"},
	}})
	if fmt.Sprint(unknown) != fmt.Sprint(templates.Sentence{{Text: "No code was sent: a limit was reached (new_rule)"}}) {
		t.Errorf("a limit without words is %v", unknown)
	}
}
