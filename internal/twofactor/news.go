package twofactor

import (
	"context"
	"fmt"
)

// News returns a text for each session that lives, by the hash of its token: another one says that there may be
// something new to say about the codes that were sent to it.
func (s *Service) News(ctx context.Context, tokens [][]byte) (map[[32]byte]string, error) {
	rows, err := s.q.MessageNews(ctx, s.pool, tokens)
	if err != nil {
		return nil, fmt.Errorf("read the news of messages: %w", err)
	}
	news := make(map[[32]byte]string, len(rows))
	for _, r := range rows {
		news[[32]byte(r.TokenHash)] = r.News
	}
	return news, nil
}
