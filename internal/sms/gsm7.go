package sms

import "strings"

// Segment is how many septets one text holds (3GPP TS 23.038: 140 bytes of 7 bits).
// A longer one is billed, and receipted, as several.
const Segment = 160

// The GSM 7-bit default alphabet, without its escape, and the characters of its
// extension table, which take an escape and so two septets.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ" +
		" !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
		"¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// GSM7 counts the septets of s; ok is false when s has a character that GSM-7
// cannot write, and a text with it would need "unicode" (70 characters a segment).
func GSM7(s string) (septets int, ok bool) {
	for _, r := range s {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			septets++
		case strings.ContainsRune(gsmExtension, r):
			septets += 2
		default: // also the replacement character, which stands for broken UTF-8
			return 0, false
		}
	}
	return septets, true
}
