package handlers

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/templates"
)

// momentMark stands in a text for a moment, which the page shows in the reader's own time. It comes from
// no catalogue and no user: values are cleaned of it.
const momentMark = "\x1f"

// sentence puts a sentence of the operators' domain into the language of the answer.
func (s *Site) sentence(c echo.Context, from operator.Sentence) templates.Sentence {
	if from.Key == "" {
		return nil
	}
	var moments []time.Time
	text := s.inWords(c, from, &moments)
	var parts templates.Sentence
	for i, piece := range strings.Split(text, momentMark) {
		// Between two marks stands the number of a moment.
		if i%2 == 1 {
			if n, err := strconv.Atoi(piece); err == nil && n < len(moments) {
				parts = append(parts, templates.Part{At: moments[n]})
			}
			continue
		}
		if piece != "" {
			parts = append(parts, templates.Part{Text: piece})
		}
	}
	return parts
}

func (s *Site) inWords(c echo.Context, from operator.Sentence, moments *[]time.Time) string {
	args := make([]any, len(from.Args))
	copy(args, from.Args)
	for i := 1; i < len(args); i += 2 {
		args[i] = s.value(c, args[i], moments)
	}
	lang := s.lang(c)
	switch {
	case from.Many:
		return locale.N(lang, from.Key, from.N, args...)
	case strings.HasPrefix(from.Key, "op_limit.") && !locale.Has(from.Key):
		return locale.T(lang, "op_limit.other", "Limit", strings.TrimPrefix(from.Key, "op_limit."))
	}
	return locale.T(lang, from.Key, args...)
}

// value puts one value of a sentence into words.
func (s *Site) value(c echo.Context, value any, moments *[]time.Time) any {
	switch v := value.(type) {
	case time.Time:
		*moments = append(*moments, v)
		return fmt.Sprintf("%s%d%s", momentMark, len(*moments)-1, momentMark)
	case time.Duration:
		return s.duration(c, v)
	case operator.Sentence:
		return s.inWords(c, v, moments)
	case operator.Word:
		if locale.Has(string(v)) {
			return s.t(c, string(v))
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

func (s *Site) providerName(c echo.Context, name string) string {
	if id := "op_provider." + name; locale.Has(id) {
		return s.t(c, id)
	}
	return name
}

// status shows a provider's number with its meaning, and what we saw ourselves in words alone.
func (s *Site) status(c echo.Context, status operator.Status) string {
	meaning := ""
	if id := "op_status." + status.Meaning; status.Meaning != "" && locale.Has(id) {
		meaning = s.t(c, id)
	}
	switch {
	case status.Code == "":
		return s.t(c, "op_status.none")
	case meaning != "" && status.Code == status.Meaning:
		return meaning
	case meaning != "":
		return s.t(c, "op_status.both", "Code", status.Code, "Meaning", meaning)
	}
	if _, err := strconv.Atoi(status.Code); err == nil {
		return s.t(c, "op_status.bare", "Code", status.Code)
	}
	return status.Code
}

// duration is a length of time as precise as it is worth reading: 0.3 s, 42 s, 13 min, 2 h 5 min, 3 d 4 h.
func (s *Site) duration(c echo.Context, d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return s.t(c, "op_amount.seconds", "N", locale.Rounded(s.lang(c), d.Seconds()))
	case d < 2*time.Minute:
		return s.t(c, "op_amount.seconds", "N", int(d.Seconds()))
	case d < 2*time.Hour:
		return s.t(c, "op_amount.minutes", "N", int(d.Minutes()))
	case d < 48*time.Hour:
		return s.t(c, "op_amount.hours", "N", int(d.Hours()), "Rest", int(d.Minutes())%60)
	}
	return s.t(c, "op_amount.days", "N", int(d.Hours())/24, "Rest", int(d.Hours())%24)
}

// money is an amount with two decimals, in the currency of the providers' accounts, which we do not know.
func (s *Site) money(c echo.Context, f float64) string { return locale.Decimal(s.lang(c), f, 2) }

// moneyText is an amount that the database holds as text.
func (s *Site) moneyText(c echo.Context, text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return ""
	}
	return s.money(c, f)
}

// number is a number that is not negative, with its thousands set apart.
func (s *Site) number(c echo.Context, n int) string { return locale.Integer(s.lang(c), n) }

// share is a percentage, or a dash where there is no whole.
func (s *Site) share(c echo.Context, part, whole int) string {
	if text, ok := locale.Percent(s.lang(c), part, whole); ok {
		return text
	}
	return "—"
}

// seconds is a percentile, or a dash where there was nothing to measure.
func (s *Site) seconds(c echo.Context, f float64) string {
	if f < 0 {
		return "—"
	}
	return s.duration(c, time.Duration(f*float64(time.Second)))
}
