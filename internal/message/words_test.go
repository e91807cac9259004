package message

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/sms"
)

func TestTheTextIsWordForWord(t *testing.T) {
	const (
		english = "012345 is your Nightlatch verification code. "
		dutch   = "012345 is uw verificatiecode voor Nightlatch. "
		last    = "\n@login.example #012345"
		minute  = time.Minute
	)
	for _, row := range []struct {
		lang, product, host string
		life                time.Duration
		want                string
	}{
		{"en", "Nightlatch", "login.example", 5 * minute, english + "It is valid for 5 minutes." + last},
		{"en", "Nightlatch", "login.example", 4*minute + 1, english + "It is valid for 5 minutes." + last},
		{"en", "Nightlatch", "login.example", minute, english + "It is valid for 1 minute." + last},
		{"en", "Nightlatch", "login.example", -time.Hour, english + "It is valid for 1 minute." + last},
		{"nl", "Nightlatch", "login.example", 5 * minute, dutch + "De code is 5 minuten geldig." + last},
		{"nl-BE", "Nightlatch", "login.example", minute, dutch + "De code is 1 minuut geldig." + last},
		{"nl_NL", "N", "h", 2 * minute, "012345 is uw verificatiecode voor N. De code is 2 minuten geldig.\n@h #012345"},
		{"fr", "N", "h", 2 * minute, "012345 is your N verification code. It is valid for 2 minutes.\n@h #012345"},
		{"", "", "h", 2 * minute, "012345 is your verification code. It is valid for 2 minutes.\n@h #012345"},
		{"nl", "", "h", 2 * minute, "012345 is uw verificatiecode. De code is 2 minuten geldig.\n@h #012345"},
	} {
		if got := NewWords(row.product, row.host).Text(row.lang, "012345", row.life); got != row.want {
			t.Errorf("%+v\n got %q", row, got)
		}
	}
}

// A text of two segments costs twice, and one of UCS-2 characters has 70 of them a segment.
func TestATextIsOneSegmentInEveryLanguage(t *testing.T) {
	name, host := strings.Repeat("N", 30), strings.Repeat("h", 50)
	for _, lang := range locale.Languages() {
		for _, life := range []time.Duration{time.Minute, 5 * time.Minute, 99 * time.Minute} {
			text := NewWords(name, host).Text(lang, "012345", life)
			if septets, ok := sms.GSM7(text); !ok || septets > sms.Segment {
				t.Errorf("%s: %d septets, %t: %q", lang, septets, ok, text)
			}
			if !strings.Contains(text, name) || !strings.HasSuffix(text, "\n@"+host+" #012345") {
				t.Errorf("%s: 30 and 50 do not fit: %q", lang, text)
			}
			bare := NewWords("", strings.Repeat("h", 200)).Text(lang, "012345", life)
			if septets, ok := sms.GSM7(bare); !ok || septets > sms.Segment || !strings.Contains(bare, "012345") {
				t.Errorf("%s: %d septets, %t: %q", lang, septets, ok, bare)
			}
		}
	}
}

func TestWhatACallSays(t *testing.T) {
	w := NewWords("Nightlatch", "h")
	for _, row := range []struct {
		got         sms.Speech
		voice, want string
	}{
		{
			w.Spoken("en", "012345"), "en-GB", "Your verification code for Nightlatch is: 0. 1. 2. 3. 4. 5. " +
				"Once more: 0. 1. 2. 3. 4. 5. Goodbye.",
		},
		{
			w.Spoken("nl-BE", "012345"), "nl-NL", "Uw verificatiecode voor Nightlatch is: 0. 1. 2. 3. 4. 5. " +
				"Nog een keer: 0. 1. 2. 3. 4. 5. Tot ziens.",
		},
		{w.Over("en"), "en-GB", "This code for Nightlatch is no longer valid. Please ask for a new one. Goodbye."},
		{w.Over("nl"), "nl-NL", "Deze code voor Nightlatch is niet meer geldig. Vraag een nieuwe aan. Tot ziens."},
		{w.Prompt(""), "en-GB", "This is Nightlatch. Press any key to hear your verification code."},
		{
			NewWords("Zoë & Co", "h").Prompt("en"), "en-GB",
			"This is Zoë & Co. Press any key to hear your verification code.",
		},
		{
			NewWords("<speak>x</speak>", "h").Prompt("en"), "en-GB",
			"This is speak x /speak. Press any key to hear your verification code.",
		},
		{
			NewWords(" \n<> ", "h").Prompt("nl"), "nl-NL",
			"Dit is Nightlatch. Druk op een toets om uw verificatiecode te horen.",
		},
	} {
		if row.got.Text != row.want || row.got.Language != row.voice || row.got.Style != 0 {
			t.Errorf("said in %s, style %d, is\n%s, want\n%s", row.got.Language, row.got.Style, row.got.Text, row.want)
		}
	}
	if en, nl := w.DemoCall("en", "012345"), w.DemoCall("nl", "012345"); en != "Call: your code is 0 1 2 3 4 5" ||
		nl != "Oproep: uw code is 0 1 2 3 4 5" {
		t.Errorf("the demo phone shows %q and %q", en, nl)
	}
}

func TestEveryLanguageHasAVoice(t *testing.T) {
	w := NewWords("Nightlatch", "h")
	for _, lang := range locale.Languages() {
		if _, err := strconv.Atoi(locale.T(lang, "call.style")); err != nil {
			t.Errorf("%s: call.style: %v", lang, err)
		}
		said := w.Spoken(lang, "012345")
		digits := spell("012345", locale.T(lang, "call.pause"))
		if strings.Count(said.Text, digits) != 2 || strings.ContainsAny(said.Text, "<>") {
			t.Errorf("%s: %q does not say the code twice", lang, said.Text)
		}
		for _, other := range []sms.Speech{w.Prompt(lang), w.Over(lang)} {
			if !strings.Contains(other.Text, "Nightlatch") || strings.Contains(other.Text, "012345") || other.Language == "" {
				t.Errorf("%s: %q", lang, other.Text)
			}
		}
	}
}
