package evidence

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/rollout"
)

// DejaVu Sans Condensed has the letters of all alphabets that are written without joining them; fonts/LICENSE allows to
// embed it. Of what it has not, Chinese for one, the table has it all.
var (
	//go:embed fonts/DejaVuSansCondensed.ttf
	fontRegular []byte
	//go:embed fonts/DejaVuSansCondensed-Bold.ttf
	fontBold []byte
)

const (
	font   = "DejaVu"
	margin = 18.0 // of the page, in millimetres
	line   = 5.0
	// mostDecisions is how many lines the readable form has: the newest; the table has all.
	mostDecisions = 2000
)

// paper is a PDF that is written from top to bottom, which is the order in which it is read.
type paper struct {
	*fpdf.Fpdf

	lang string
	zone *time.Location
}

// PDF returns the evidence to read, in a language: A4.
func (e *Evidence) PDF(lang string, words Words) ([]byte, error) {
	p := paper{fpdf.New("P", "mm", "A4", ""), lang, e.Range.Zone}
	p.AddUTF8FontFromBytes(font, "", fontRegular)
	p.AddUTF8FontFromBytes(font, "B", fontBold)
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(true, margin+4)
	p.SetLang(lang)
	p.SetTitle(p.t("evidence.title")+" – "+plain(e.Name), true)
	p.SetProducer("Nightlatch", true)
	p.SetCreationDate(e.Made)
	p.SetModificationDate(e.Made)
	p.SetCatalogSort(true)
	p.AliasNbPages("")
	p.SetFooterFunc(func() {
		p.SetY(-margin)
		p.SetFont(font, "", 8)
		p.CellFormat(0, line, p.t("evidence.page", "Office", plain(e.Office), "Page", p.PageNo(), "Pages", "{nb}"), "", 0,
			"C", false, 0, "")
	})
	p.AddPage()
	p.heading(p.t("evidence.title"), 18)
	p.text(plain(e.Name) + " (" + plain(e.Office) + ")")
	p.text(p.t("evidence.range", "First", p.day(e.Range.First), "Last", p.day(e.Range.Last)))
	p.text(p.t("evidence.made", "At", p.moment(e.Made), "Zone", e.Range.Zone.String()))
	p.coverage(e.Coverage)
	p.decisions(e.Links, words)
	p.proof(e)
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("write the evidence as PDF: %w", err)
	}
	return out.Bytes(), nil
}

func (p paper) t(id string, args ...any) string { return locale.T(p.lang, id, args...) }

func (p paper) day(at time.Time) string { return locale.Time(p.lang, locale.Day, at) }

func (p paper) moment(at time.Time) string {
	at = at.In(p.zone)
	return p.day(at) + " " + locale.Time(p.lang, locale.Second, at)
}

// plain replaces what the font's form cannot hold: pictures, and the rarest letters.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return '□'
		}
		return r
	}, text)
}

func (p paper) heading(text string, size float64) {
	if p.GetY() > 240 {
		p.AddPage()
	}
	p.Ln(3)
	p.SetFont(font, "B", size)
	p.MultiCell(0, size*0.5, text, "", "L", false)
	p.Ln(1)
}

func (p paper) text(text string) {
	p.SetFont(font, "", 10)
	p.MultiCell(0, line, text, "", "L", false)
}

// table writes rows of cells of these widths, whose first are its heads, again on every page.
func (p paper) table(widths []float64, heads []string, rows [][]string) {
	p.row(widths, heads, "B")
	for _, row := range rows {
		if p.GetY()+line*float64(p.lines(widths, row, "")) > 297-margin-6 {
			p.AddPage()
			p.row(widths, heads, "B")
		}
		p.row(widths, row, "")
	}
}

func (p paper) lines(widths []float64, row []string, style string) int {
	most := 1
	p.SetFont(font, style, 9)
	for i, cell := range row {
		most = max(most, len(p.SplitText(cell, widths[i])))
	}
	return most
}

func (p paper) row(widths []float64, row []string, style string) {
	height := line * float64(p.lines(widths, row, style))
	x, y := p.GetXY()
	for i, cell := range row {
		p.SetXY(x, y)
		p.SetFont(font, style, 9)
		p.MultiCell(widths[i], line, cell, "", "L", false)
		x += widths[i]
	}
	p.SetDrawColor(200, 200, 200)
	p.Line(margin, y+height, 210-margin, y+height)
	p.SetXY(margin, y+height)
}

// coverage writes the days; those on which the numbers stayed as they were are one line.
func (p paper) coverage(days []rollout.Coverage) {
	p.heading(p.t("evidence.coverage"), 13)
	if len(days) == 0 {
		p.text(p.t("evidence.no_coverage"))
		return
	}
	var rows [][]string
	for from := 0; from < len(days); {
		to := from
		for to+1 < len(days) && days[to+1].Users == days[from].Users && days[to+1].Ready == days[from].Ready &&
			days[to+1].Day.Equal(days[to].Day.AddDate(0, 0, 1)) {
			to++
		}
		when := p.day(days[from].Day)
		if to > from {
			when += " – " + p.day(days[to].Day)
		}
		share, _ := locale.Percent(p.lang, days[from].Ready, days[from].Users)
		rows = append(rows, []string{when, fmt.Sprint(days[from].Users), fmt.Sprint(days[from].Ready), share})
		from = to + 1
	}
	p.table([]float64{78, 32, 40, 24}, []string{p.t("evidence.day"), p.t("evidence.users"), p.t("evidence.ready"),
		p.t("evidence.share")}, rows)
}

func (p paper) decisions(links []audit.Linked, words Words) {
	p.heading(p.t("evidence.decisions"), 13)
	var rows [][]string
	more := false
	for i := len(links) - 1; i >= 0; i-- {
		if links[i].Event == nil || !decisions(links[i].Event.Action) {
			continue
		}
		if more = len(rows) == mostDecisions; more {
			break
		}
		what, detail := words(entry(links[i].Event))
		rows = append(rows, []string{p.moment(links[i].At), plain(what), plain(detail), fmt.Sprint(links[i].Number)})
	}
	if len(rows) == 0 {
		p.text(p.t("evidence.no_decisions"))
		return
	}
	p.table([]float64{42, 72, 44, 16}, []string{p.t("history_file.at"), p.t("history_file.what"),
		p.t("history_file.detail"), p.t("evidence_file.number")}, rows)
	if more {
		p.text(p.t("evidence.more", "N", locale.Decimal(p.lang, mostDecisions, 0)))
	}
}

// proof says what of the history is signed, and how that is verified.
func (p paper) proof(e *Evidence) {
	p.heading(p.t("evidence.proof"), 13)
	if n := len(e.Links); n > 0 {
		p.text(p.t("evidence.numbers", "First", e.Links[0].Number, "Last", e.Links[n-1].Number))
	}
	if len(e.Heads) == 0 {
		p.text(p.t("evidence.unsigned"))
	} else {
		h := e.Heads[len(e.Heads)-1]
		p.text(p.t("evidence.signed", "Number", h.Number, "At", p.moment(h.SignedAt)))
		p.hexadecimal(p.t("evidence_file.hash"), h.Hash)
		p.hexadecimal(p.t("evidence_file.key"), h.PublicKey)
		p.hexadecimal(p.t("evidence_file.signature"), h.Signature)
	}
	p.Ln(1)
	p.text(p.t("evidence.verify"))
	p.SetFont(font, "B", 10)
	p.MultiCell(0, line, "nightlatch audit verify "+p.t("files.evidence")+".csv", "", "L", false)
	p.text(p.t("evidence.verify_key"))
}

func (p paper) hexadecimal(name string, value []byte) {
	p.SetFont(font, "", 8)
	text := hex.EncodeToString(value)
	p.MultiCell(0, 4, name+": "+text, "", "L", false)
}
