package operator

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/templates"
)

// momentMark stands in a text for a part that is no text: a moment, which the page shows in the reader's own time, or a
// link. It comes from no catalogue and no user: values are cleaned of it.
const momentMark = "\x1f"

// sentence puts a sentence of the operators' domain into the language of the answer.
func (s *Screens) sentence(c echo.Context, from operator.Sentence) templates.Sentence {
	if from.Key == "" {
		return nil
	}
	var marked []templates.Part
	text := s.inWords(c, from, &marked)
	var parts templates.Sentence
	for i, piece := range strings.Split(text, momentMark) {
		// Between two marks stands the number of a part.
		if i%2 == 1 {
			if n, err := strconv.Atoi(piece); err == nil && n < len(marked) {
				parts = append(parts, marked[n])
			}
			continue
		}
		if piece != "" {
			parts = append(parts, templates.Part{Text: piece})
		}
	}
	return parts
}

func (s *Screens) inWords(c echo.Context, from operator.Sentence, marked *[]templates.Part) string {
	args := make([]any, len(from.Args))
	copy(args, from.Args)
	for i := 1; i < len(args); i += 2 {
		args[i] = s.value(c, args[i], marked)
	}
	lang := s.Lang(c)
	switch {
	case from.Many:
		return locale.N(lang, from.Key, from.N, args...)
	case strings.HasPrefix(from.Key, "op_limit.") && !locale.Has(from.Key):
		return locale.T(lang, "op_limit.other", "Limit", strings.TrimPrefix(from.Key, "op_limit."))
	}
	return locale.T(lang, from.Key, args...)
}

// value puts one value of a sentence into words.
func (s *Screens) value(c echo.Context, value any, marked *[]templates.Part) any {
	switch v := value.(type) {
	case time.Time:
		*marked = append(*marked, templates.Part{At: v})
		return fmt.Sprintf("%s%d%s", momentMark, len(*marked)-1, momentMark)
	case operator.JobID:
		id := strconv.FormatInt(int64(v), 10)
		*marked = append(*marked, templates.Part{Text: id, URL: paths.OperatorJobs + "/jobs/" + id})
		return fmt.Sprintf("%s%d%s", momentMark, len(*marked)-1, momentMark)
	case time.Duration:
		return s.duration(c, v)
	case operator.Sentence:
		return s.inWords(c, v, marked)
	case operator.Word:
		if locale.Has(string(v)) {
			return s.T(c, string(v))
		}
		return string(v)[strings.LastIndex(string(v), ".")+1:]
	case operator.Name:
		return s.providerName(c, string(v))
	case operator.Status:
		return s.status(c, v)
	case string:
		return strings.ReplaceAll(v, momentMark, "")
	}
	return value
}

func (s *Screens) providerName(c echo.Context, name string) string {
	if id := "op_provider." + name; locale.Has(id) {
		return s.T(c, id)
	}
	return name
}

// status shows a provider's status with its reason, and what we saw ourselves in words alone.
func (s *Screens) status(c echo.Context, status operator.Status) string {
	switch seen, reason := "op_status."+status.Code, "op_status."+status.Reason; {
	case status.Code == "":
		return s.T(c, "op_status.none")
	case locale.Has(seen):
		return s.T(c, seen)
	case locale.Has(reason):
		return s.T(c, "op_status.both", "Code", status.Code, "Meaning", s.T(c, reason))
	}
	if _, err := strconv.Atoi(status.Code); err == nil {
		return s.T(c, "op_status.bare", "Code", status.Code)
	}
	return status.Code
}
