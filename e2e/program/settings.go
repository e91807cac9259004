package program

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"sync"
	"testing"
)

// Settings of providers, the secrets planted so that a leak is found.
const (
	SignatureSecret = "planted-signature-1893"
	WebhookSecret   = "whsec_cGxhbnRlZC13ZWJob29rLXNlY3JldC0yNGJ5dGVz"
	TestHooks       = "https://login.acme.example/hooks/abcdefghijklmnopqrstuvwxyz"
)

// RSAKey is the text of a private key, made once.
var RSAKey = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
})

// VonageEnv is the environment of texts by Vonage, with pairs more.
func VonageEnv(pairs ...string) map[string]string {
	return With(map[string]string{
		"SMS_PROVIDER": "vonage", "VONAGE_API_KEY": "abcd1234", "VONAGE_API_SECRET": APISecret, "VONAGE_FROM": "Nightlatch",
	}, pairs...)
}

// VoiceEnv is VonageEnv with signed receipts and calls.
func VoiceEnv(t *testing.T, pairs ...string) map[string]string {
	t.Helper()
	return With(VonageEnv("VONAGE_SIGNATURE_SECRET", SignatureSecret, "VONAGE_APPLICATION_ID",
		"1c4bb2f6-0c9f-4e4c-9a53-2b3c7a4d5e6f",
		"VONAGE_PRIVATE_KEY_FILE", KeyFile(t, RSAKey(), 0o600), "VONAGE_VOICE_FROM", "+31201234567"), pairs...)
}
