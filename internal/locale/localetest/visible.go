package localetest

import (
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// shown are the attributes that a reader sees or hears, those that a style sheet or app.js shows among them.
var shown = []string{
	"title", "aria-label", "aria-description", "placeholder", "alt", "data-label", "data-done", "data-none",
}

// Visible returns each text of a page or fragment that a reader sees or hears, without the languages' own names in
// the menu and without the elements of data, a selector of those that hold users' data or codes ("" for none).
func Visible(page, data string) ([]string, error) {
	page = strings.NewReplacer("<noscript>", "<div>", "</noscript>", "</div>").Replace(page) // what is in it is parsed
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
	if err != nil {
		return nil, err
	}
	doc.Find("script, style, code, kbd, textarea, button[lang]").Remove()
	if data != "" {
		doc.Find(data).Remove()
	}
	var texts []string
	doc.Find("*").Each(func(_ int, element *goquery.Selection) {
		for _, name := range shown {
			if text, ok := element.Attr(name); ok {
				texts = append(texts, text)
			}
		}
		if kind := element.AttrOr("type", ""); element.Is("input") && (kind == "submit" || kind == "button") {
			texts = append(texts, element.AttrOr("value", ""))
		}
		element.Contents().Each(func(_ int, child *goquery.Selection) {
			if text := strings.TrimSpace(child.Text()); goquery.NodeName(child) == "#text" && text != "" {
				texts = append(texts, text)
			}
		})
	})
	return texts, nil
}
