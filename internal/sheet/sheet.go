// Package sheet writes CSV that is opened in spreadsheets, and keeps every cell of it text.
//
// The rule it protects: what a stranger typed is never a formula, whichever separator the reader's spreadsheet is set
// to. One set to ";" (Excel in Dutch) reads a file with commas as other cells than were written. Start at Write; Read
// is its inverse.
package sheet

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
)

// begins is what a cell could begin with: at its start and behind whatever separates cells somewhere, quotes and blanks
// that a spreadsheet takes away, then a sign that makes a formula (OWASP: CSV injection), in its wide form too.
// ('t Hart is no formula.)
const begins = `['" ]*[=+\-@\t\r＝＋－＠]`

var (
	atStart   = regexp.MustCompile(`^` + begins)
	separated = regexp.MustCompile(`[,;\t\r\n]`)
)

// Write writes rows of cells as in RFC 4180 with this separator, every cell within quotes and guarded.
func Write(out io.Writer, separator string, rows [][]string) error {
	var text strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				text.WriteString(separator)
			}
			text.WriteByte('"')
			text.WriteString(strings.ReplaceAll(Guard(cell), `"`, `""`))
			text.WriteByte('"')
		}
		text.WriteString("\r\n")
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// File returns rows as a file of its own: a byte order mark, which tells Excel that it is UTF-8, and what Write writes.
func File(separator string, rows [][]string) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\uFEFF")
	err := Write(&out, separator, rows)
	return out.Bytes(), err
}

// Guard puts a quote before whatever a spreadsheet could take for a formula.
func Guard(cell string) string {
	return each(cell, func(part string) string {
		if atStart.MatchString(part) {
			return "'" + part
		}
		return part
	})
}

// Unguard takes back what Guard did, so that an export can be imported. Quotes count in begins: so each is the inverse
// of the other.
func Unguard(cell string) string {
	return each(cell, func(part string) string {
		if rest, ok := strings.CutPrefix(part, "'"); ok && atStart.MatchString(rest) {
			return rest
		}
		return part
	})
}

// each changes every part of a cell: its start, and what stands behind a separator, to the cell's end. Changes go from
// the last to the first, so that none moves the place of another.
func each(cell string, change func(part string) string) string {
	places := separated.FindAllStringIndex(cell, -1)
	for i := len(places) - 1; i >= 0; i-- {
		at := places[i][1]
		cell = cell[:at] + change(cell[at:])
	}
	return change(cell)
}

// ErrForm says that a file is not one that Write wrote.
var ErrForm = errors.New("this is no file in the form in which it was written")

// Read is the inverse of Write: every cell within quotes, one separator throughout, and lines as they were. It returns
// ErrForm for a file that something else saved.
func Read(text string) (rows [][]string, err error) {
	separator := byte(0)
	for text != "" {
		var row []string
		for {
			cell, rest, ok := readCell(text)
			if !ok || rest == "" {
				return nil, ErrForm
			}
			row, text = append(row, Unguard(cell)), rest
			if end, ok := strings.CutPrefix(text, "\r\n"); ok {
				text = end
				break
			}
			if separator == 0 {
				separator = text[0]
			}
			if text[0] != separator {
				return nil, ErrForm
			}
			text = text[1:]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func readCell(text string) (cell, rest string, ok bool) {
	text, ok = strings.CutPrefix(text, `"`)
	if !ok {
		return "", "", false
	}
	var b strings.Builder
	for {
		part, behind, found := strings.Cut(text, `"`)
		if !found {
			return "", "", false
		}
		b.WriteString(part)
		if text, found = strings.CutPrefix(behind, `"`); !found {
			return b.String(), behind, true
		}
		b.WriteByte('"')
	}
}
