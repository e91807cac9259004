package typed_test

import (
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/typed"
	"github.com/nightlatch/nightlatch/internal/typed/typedtest"
)

func TestALineIsWhatIsSeen(t *testing.T) {
	for _, c := range [][2]string{
		{"Jan\nJansen", "Jan Jansen"}, {"Jan\r\n Jansen ", "Jan Jansen"}, {"Jan\u00a0Jansen\u2028", "Jan Jansen"},
		{"\ufeff\ufeffjan", "jan"}, {"ja\u200bn\u2060", "jan"}, {"\u202ajan\u202c", "jan"}, {"a\u00adb", "ab"},
		{"o\u2019brien", "o'brien"}, {"o\u02bcbrien", "o'brien"}, {"\u201ejan\u201d", `"jan"`},
		{"e\u2011mail", "e-mail"}, {"a\u2212b", "a-b"}, {"\uff21\uff23\uff2d\uff25", "ACME"}, {"e\u0301", "é"},
		{"\u0661\u06f2\uff13\u0967", "1231"}, {"a\x00b\x07", "ab"}, {"\xffa", "a"}, {"6\ufe0f", "6"}, {"", ""}, {" ", ""},
		{"a\u3164b", "ab"}, {"a\u2800b", "a b"},
	} {
		if got := typed.Line(c[0]); got != c[1] {
			t.Errorf("%q is %q and should be %q", c[0], got, c[1])
		}
	}
}

func TestACodeIsFoundWhereThereIsExactlyOne(t *testing.T) {
	for _, c := range [][2]string{
		{"123456", "123456"}, {"123 456", "123456"}, {"12-34-56", "123456"}, {"1 2 3 4 5 6", "123456"},
		{"123\u00a0456", "123456"}, {"123\u202f456", "123456"}, {"\t123\u2013456.", "123456"}, {"123.456", "123456"},
		{"\u0661\u0662\u0663\u0664\u0665\u0666", "123456"}, {"\u06f1\u06f2\u06f3 \u06f4\u06f5\u06f6", "123456"},
		{"\u2068123456\u2069", "123456"}, {"1\u200b23456", "123456"}, {"\uff11\uff12\uff13\uff14\uff15\uff16", "123456"},
		{"123456 is your Nightlatch verification code. It is valid for 5 minutes.\n\n@login.acme.example #123456", "123456"},
		{"123456 is uw verificatiecode voor Nightlatch. De code is 5 minuten geldig.\n@localhost #123456", "123456"},
		{"Your code is 123 456.", "123456"}, {"code:123456", "123456"}, {"G-123456 is your code", "123456"},
		{"\u201c123456\u201d", "123456"},
		{"", ""}, {"12345", ""}, {"1234567", ""}, {"123456 or 654321", ""}, {"123456 654321", ""}, {"abc", ""},
		{"call 123 456 789 now", ""}, {"06 12345678 is mine", ""}, {"x123456", ""}, {"123456x", ""},
		{"+31 612 345 678", ""}, {"12345 six", ""},
	} {
		if got, ok := typed.Code(c[0]); got != c[1] || ok != (c[1] != "") {
			t.Errorf("%q is %q and should be %q", c[0], got, c[1])
		}
	}
}

// What is no code costs no try, and what is one is the same in every spelling (CVE-2025-6014).
func TestACodeIsReadAsPeopleTypeIt(t *testing.T) {
	for _, text := range []string{"123456", "123 456", "123-456", " 1 2 3 4 5 6 ", "123456\n", "\t123456", "１２３４５６",
		"123\u00a0456"} {
		if got, ok := typed.Code(text); !ok || got != "123456" {
			t.Errorf("%q is %q, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "12345", "1234567", "123456.0", "12345a", "null", strings.Repeat("1", 9999)} {
		if got, ok := typed.Code(text); ok {
			t.Errorf("%q is the code %q", text, got)
		}
	}
}

func FuzzCode(f *testing.F) {
	f.Add("123 456")
	f.Add("123456 is your code.\n@host #123456")
	f.Fuzz(func(t *testing.T, text string) {
		code, ok := typed.Code(text)
		if ok && (len(code) != typed.Digits || strings.Trim(code, "0123456789") != "") {
			t.Errorf("%q is the code %q", text, code)
		}
	})
}

func TestACodeOfLettersMayStandInAList(t *testing.T) {
	for _, text := range []string{
		"abcde-fgh2k-mnpqr", "ABCDE FGH2K MNPQR", "1. abcde-fgh2k-mnpqr", "10) abcde-fgh2k-mnpqr",
		" 3.\tabcde\u2013fgh2k\u2013mnpqr ",
		"abcde\u00a0fgh2k\u00a0mnpqr", "\u200babcde\u2011fgh2k\u2011mnpqr", "\uff41bcde-fgh\uff12k-mnpqr",
		"\u2022 abcde-fgh2k-mnpqr",
		"abcde.fgh2k.mnpqr", "abcdefgh2kmnpqr", "7: abcde-fgh2k-mnpqr", "\u2488 abcde-fgh2k-mnpqr",
	} {
		if got := typed.Letters(text); got != "abcdefgh2kmnpqr" {
			t.Errorf("%q is %q", text, got)
		}
	}
	if got := typed.Letters("23abc-defgh-jkmnp"); got != "23abcdefghjkmnp" {
		t.Errorf("a code that begins with digits is %q", got)
	}
}

func TestAnAddressHasTheDomainThatMailServersKnow(t *testing.T) {
	for _, c := range [][2]string{
		{"jan@b\u00fccher.example", "jan@xn--bcher-kva.example"}, {" Jan@ACME.Example\u200b", "Jan@acme.example"},
		{"mailto:jan@acme.example", "jan@acme.example"}, {"jan@acme.example\u00a0", "jan@acme.example"},
		{"o\u2019brien@acme.example", "o'brien@acme.example"}, {"jan\uff20acme\u3002example", "jan@acme.example"},
		{"not an address", "not an address"}, {"jan@", "jan@"}, {"", ""},
	} {
		if got := typed.Email(c[0]); got != c[1] {
			t.Errorf("%q is %q and should be %q", c[0], got, c[1])
		}
	}
}

func TestAPasswordKeepsWhatIsSeen(t *testing.T) {
	for _, c := range [][2]string{
		{"pass\u00a0word", "pass word"}, {"caf\u0065\u0301", "café"}, {"\ufeffsecret", "secret"}, {"a\u200bb", "ab"},
		{" a ", " a "}, {"a\u2013b", "a\u2013b"}, {"it\u2019s", "it\u2019s"}, {"\u0661", "\u0661"}, {"aB", "aB"},
		{"\uff41", "a"}, {"\xff", "\xff"}, {"a\tb", "a\tb"},
	} {
		if got := typed.Password(c[0]); got != c[1] {
			t.Errorf("%q is %q and should be %q", c[0], got, c[1])
		}
	}
}

func TestALongDashIsAnOption(t *testing.T) {
	got := typed.Arguments([]string{"user", "\u2013code", "\u2014name=x", "\u2010\u2010email", "\ufeff--role", "a\u2013b"})
	if want := "user --code --name=x --email --role a-b"; strings.Join(got, " ") != want {
		t.Errorf("the arguments are %q", got)
	}
}

func FuzzReadingIsIdempotent(f *testing.F) {
	for _, plain := range []string{"Jan Jansen", "123456", "jan@acme.example", "\u0130lker", "\u1100\u200b\u1161",
		"`\u00b4"} {
		f.Add(plain)
		for _, d := range typedtest.Decorated(plain) {
			f.Add(d)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 {
			return
		}
		for name, read := range map[string]func(string) string{
			"a line": typed.Line, "a password": typed.Password, "an address": typed.Email,
		} {
			if once := read(text); read(once) != once {
				t.Errorf("%q is %s of %q, and that of %q", text, name, once, read(once))
			}
		}
	})
}
