package operator

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// The most users that a search shows; it says how many more there are.
const mostHits = 50

// Hit is a user whom a search found.
type Hit struct {
	Username, Name     string
	Office, OfficeName string // code and name
	Disabled           bool
}

// Find returns the users of all offices whose name, username or office has each word of what was typed in it, or whose
// number ends in it: at most fifty, and how many there are in all. It notes nothing: a list says no more than that
// somebody is there.
func (s *Service) Find(ctx context.Context, typed string) (hits []Hit, total int, _ error) {
	words := searchWords(typed)
	if len(words) == 0 {
		return nil, 0, nil
	}
	rows, err := s.q.OperatorUserSearch(ctx, s.pool, dbsqlc.OperatorUserSearchParams{Words: words, Most: mostHits})
	if err != nil {
		return nil, 0, fmt.Errorf("search users: %w", err)
	}
	for _, r := range rows {
		hits, total = append(hits, Hit{r.Username, r.Name, r.OfficeCode, r.OfficeName, r.Disabled}), int(r.Total)
	}
	return hits, total, nil
}

var (
	// A number, or the end of one, as people write it.
	numberTyped = regexp.MustCompile(`^\+?[0-9][0-9 ().-]*$`)
	notDigits   = regexp.MustCompile(`[^0-9]`)
	likeMarks   = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
)

// searchWords returns what to look for, ready for LIKE: at most eight words.
func searchWords(text string) []string {
	text = typed.Line(text)
	if runes := []rune(text); len(runes) > 120 {
		text = typed.Line(string(runes[:120]))
	}
	if digits := notDigits.ReplaceAllString(text, ""); len(digits) >= 3 && numberTyped.MatchString(text) {
		if len(digits) > 6 { // what is dialled before a number within a country, or to leave it
			digits = strings.TrimLeft(digits, "0")
		}
		return []string{digits}
	}
	words := strings.Fields(text)
	if len(words) > 8 {
		words = words[:8]
	}
	for i, word := range words {
		words[i] = likeMarks.Replace(word)
	}
	return words
}

// Waiting is a user who waits at this moment.
type Waiting struct {
	User  User
	Since time.Time
	Why   []Sentence
}

// WaitingNow returns who waits for a code or a second factor at this moment, the longest first: at most so many,
// and how many there are in all. It notes nothing, since nobody is looked up.
func (s *Service) WaitingNow(ctx context.Context, most int) (waiting []Waiting, total int, _ error) {
	rows, err := s.q.OperatorWaitingNow(ctx, s.pool, int32(most)) //nolint:gosec // a few
	if err != nil {
		return nil, 0, fmt.Errorf("list who waits: %w", err)
	}
	if len(rows) == 0 {
		return nil, 0, nil
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.UserID
	}
	histories, err := s.histories(ctx, ids)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range rows {
		if h, ok := histories[r.UserID]; ok {
			waiting = append(waiting, Waiting{h.User, r.Since, Why(h)})
		}
		total = int(r.Total)
	}
	return waiting, total, nil
}
