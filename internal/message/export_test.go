package message

import "context"

// Turn lets a test wait for a turn as a log-in does.
func (s *Service) Turn(ctx context.Context, provider string) (bool, error) {
	return s.turn(ctx, provider, true)
}
