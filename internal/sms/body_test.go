package sms

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// english is the sentence of a text in English, whose code lives for five minutes.
func english(name string) string {
	if name != "" {
		name += " "
	}
	return "012345 is your " + name + "verification code. It is valid for 5 minutes."
}

func TestTheLastLineTakesAHostAlone(t *testing.T) {
	for host, line := range map[string]string{
		"localhost:8080":      "@localhost #012345",
		"Login.Example:443":   "@login.example #012345",
		"127.0.0.1:8080":      "@127.0.0.1 #012345",
		"xn--bcher-kva.de":    "@xn--bcher-kva.de #012345",
		"":                    "",
		"[::1]:8080":          "",
		"bücher.de":           "",
		"login.example #666 ": "",
		"login.example\n@x":   "",
	} {
		text := Body("Nightlatch", host, "012345", english)
		first, last, _ := strings.Cut(text, "\n")
		if last != line || first != "012345 is your Nightlatch verification code. It is valid for 5 minutes." {
			t.Errorf("host %q gives %q", host, text)
		}
	}
}

func TestLongNamesAndHostsStillFitOneText(t *testing.T) {
	name, host := strings.Repeat("N", 30), strings.Repeat("h", 50)
	text := Body(name, host, "012345", english)
	if !strings.Contains(text, name) || !strings.HasSuffix(text, "\n@"+host+" #012345") || !fits(text) {
		t.Errorf("30 and 50 do not fit: %q", text)
	}
	const valid = "verification code. It is valid for 5 minutes."
	for _, row := range []struct {
		product string
		host    int
		want    string
	}{
		// cut, and no blank left
		{"Administratiekantoor De Vries en Zonen", 60, "012345 is your Administratiekantoor De Vries " + valid + "\n@"},
		// signs alone are no name
		{strings.Repeat("[]", 30), 50, "012345 is your " + valid + "\n@"},
		// each takes two septets
		{"N" + strings.Repeat("€", 29), 50, "012345 is your N" + strings.Repeat("€", 19) + " " + valid + "\n@"},
		{"Nightlatch", 86, "012345 is your Nig " + valid + "\n@"},
		{"Nightlatch", 87, "012345 is your " + valid + "\n@"}, // "Ni" would be no name
		{"Nightlatch", 120, "012345 is your " + valid},        // the last line goes last
	} {
		host := strings.Repeat("h", row.host)
		want := row.want
		if strings.HasSuffix(want, "@") {
			want += host + " #012345"
		}
		if text := Body(row.product, host, "012345", english); text != want || !fits(text) {
			t.Errorf("got  %q\nwant %q", text, want)
		}
	}
}

func TestANameIsWrittenInWhatAPhoneCanShow(t *testing.T) {
	for product, name := range map[string]string{
		"Nightlatch":            "Nightlatch",
		"Belgié":                "Belgié", // GSM-7 has é
		"België":                "Belgie",
		"Łódź Façade":           "Lodz Facade", // GSM-7 has ò, not ó
		"De “Groot” – Co":       "De \"Groot\" - Co",
		"Kantoor\n@evil #1\t x": "Kantoor @evil #1 x",
		"Acme\tLaw\u00a0Firm":   "Acme Law Firm",
		"Acme 🔐":                "Acme",
		"夜":                     "",
		"---":                   "",
		"  \u00a0 ":             "",
		"bad\xffutf":            "badutf",
		"IJsvogel €":            "IJsvogel €",
		"Ĳsvogel™":              "IJsvogelTM",
	} {
		if got := gsmName(product); got != name {
			t.Errorf("%q becomes %q, want %q", product, got, name)
		}
	}
}

func TestEveryLikenessCanBeWritten(t *testing.T) {
	for r, like := range likeness {
		if _, ok := GSM7(like); !ok {
			t.Errorf("%q becomes %q, which is not GSM-7 either", r, like)
		}
	}
}

func TestSeptets(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "a": 1, "@£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà": 41, "\n\r": 2, "_": 1,
		"^": 2, "{}\\[~]|€": 16, "\f": 2, "a€b": 4,
	} {
		if got, ok := GSM7(s); !ok || got != want {
			t.Errorf("%q has %d septets (%t), want %d", s, got, ok, want)
		}
	}
	for _, s := range []string{"ë", "ç", "`", "\t", "\x1b", "’", "🙂", "\xff", "\uFFFD", "a\u0301", "\x00", "Α"} {
		if n, ok := GSM7(s); ok || n != 0 {
			t.Errorf("%q counts as GSM-7", s)
		}
	}
	if n := utf8.RuneCountInString(gsmBasic); n != 127 { // 128 positions, one is the escape
		t.Errorf("the alphabet has %d characters, want 127", n)
	}
	if n := utf8.RuneCountInString(gsmExtension); n != 10 {
		t.Errorf("the extension has %d characters, want 10", n)
	}
}

func FuzzBody(f *testing.F) {
	f.Add("België & Zonen", "login.example:443")
	f.Add(strings.Repeat("€", 40), strings.Repeat("h", 120))
	f.Add("\n@evil.example #666666", "[::1]:80")
	f.Fuzz(func(t *testing.T, product, host string) {
		text := Body(product, host, "012345", english)
		if !fits(text) || !strings.HasPrefix(text, "012345 is ") {
			t.Fatalf("%q", text)
		}
		_, last, found := strings.Cut(text, "\n")
		if !found {
			return
		}
		if !strings.HasPrefix(last, "@") || !strings.HasSuffix(last, " #012345") || strings.Contains(last, "\n") {
			t.Fatalf("last line %q", last)
		}
	})
}
