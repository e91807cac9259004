package sms

import (
	"regexp"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestTheTokenOfACallIsSignedByTheApplicationsKeyForAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	cfg := &VoiceConfig{Application: testApplication, PrivateKey: testPrivateKey()}
	now := time.Now().Truncate(time.Second)
	text, err := cfg.token(now)
	if err != nil {
		t.Fatal(err)
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(cfg.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	if _, err := jwt.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) { return key.Public(), nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired(), jwt.WithIssuedAt()); err != nil {
		t.Fatal(err)
	}
	until, _ := claims.GetExpirationTime()
	since, _ := claims.GetIssuedAt()
	id, _ := claims["jti"].(string)
	if claims["application_id"] != testApplication || !since.Equal(now) || until.Sub(now) != 15*time.Minute ||
		!regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("the token claims %v", claims)
	}
	if again, err := cfg.token(now); err != nil || again == text {
		t.Errorf("two calls share a token (%v)", err)
	}
}
