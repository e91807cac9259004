package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a signed request by the Standard Webhooks specification
// (standardwebhooks.com). net/http writes them as Webhook-Id and so on; headers have no case.
const (
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"
)

const (
	secretPrefix = "whsec_"
	leastSecret  = 24 // bytes, by the specification
	mostSecret   = 64 // bytes, by the specification
)

// tolerance is how far a signed request's time may lie from ours, either way: long enough for
// clocks that differ, and too short for a recording to be of use.
const tolerance = 5 * time.Minute

// webhookSecret reads a secret in the form whsec_<base64>. Its errors repeat nothing of it.
func webhookSecret(text string) ([]byte, error) {
	encoded, found := strings.CutPrefix(text, secretPrefix)
	if !found {
		return nil, errors.New("SMS_WEBHOOK_SECRET must begin with whsec_: make one with echo whsec_$(head -c 32 " +
			"/dev/urandom | base64)")
	}
	secret, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("SMS_WEBHOOK_SECRET must be base64 after its whsec_")
	}
	if len(secret) < leastSecret || len(secret) > mostSecret {
		return nil, fmt.Errorf("SMS_WEBHOOK_SECRET must have %d to %d bytes; this one has %d", leastSecret,
			mostSecret, len(secret))
	}
	return secret, nil
}

func standardMAC(secret []byte, id, timestamp string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(id + "." + timestamp + "."))
	h.Write(body)
	return h.Sum(nil)
}

// signStandard puts a request's id, time and signature into its header.
func signStandard(header http.Header, secret []byte, id string, now time.Time, body []byte) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	header.Set(headerID, id)
	header.Set(headerTimestamp, timestamp)
	header.Set(headerSignature, "v1,"+base64.StdEncoding.EncodeToString(standardMAC(secret, id, timestamp, body)))
}

// checkStandard returns ErrSignature or ErrStale, or nil for a request that the holder of the
// secret signed just now. While secrets change a request has several signatures.
func checkStandard(header http.Header, secret []byte, now time.Time, body []byte) error {
	id, timestamp := header.Get(headerID), header.Get(headerTimestamp)
	if id == "" || timestamp == "" {
		return ErrSignature
	}
	want, right := standardMAC(secret, id, timestamp, body), 0
	for signature := range strings.FieldsSeq(header.Get(headerSignature)) {
		encoded, found := strings.CutPrefix(signature, "v1,")
		if !found {
			continue // v1a is for public keys
		}
		if mac, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			right |= subtle.ConstantTimeCompare(mac, want)
		}
	}
	if right != 1 {
		return ErrSignature
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || !fresh(time.Unix(seconds, 0), now) {
		return ErrStale
	}
	return nil
}

func fresh(at, now time.Time) bool {
	return !at.Before(now.Add(-tolerance)) && !at.After(now.Add(tolerance))
}
