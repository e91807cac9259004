package users

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nightlatch/nightlatch/internal/sheet"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// MaxFile is the largest file that is read, in bytes; MaxLines the most users in it.
const (
	MaxFile  = 1 << 20
	MaxLines = 2000
)

// FileProblem is why a file cannot be read at all: the catalogue's key file.<problem>.
type FileProblem struct {
	Problem string
	Line    int    // 0 for the whole file
	Column  string // the heading it is about, or ""
}

func (p *FileProblem) Error() string { return "a file of users refused: " + p.Problem }

// Line is one line of a file as it was typed. A field whose column the file lacks, or whose cell is empty, is "".
type Line struct {
	Number   int // in the file, from 1
	Username string
	Name     string
	Email    string
	Role     string
	Language string
	Mobile   string
	Invite   string
}

// Read reads a file of users as spreadsheets write them: UTF-8 with or without a byte order mark, commas,
// semicolons or tabs, any line ends, quotes where needed, an optional "sep=;" line, and a line of headings.
// It returns *FileProblem when it is none. What is in the lines is not judged here: see Plan.
func Read(file []byte) ([]Line, error) {
	switch {
	case len(file) > MaxFile:
		return nil, &FileProblem{Problem: "too_large"}
	case !utf8.Valid(file), bytes.IndexByte(file, 0) >= 0: // Windows-1252 is the first, UTF-16 both
		return nil, &FileProblem{Problem: "not_utf8"}
	}
	text := strings.TrimLeftFunc(string(file), typed.Unseen)
	// encoding/csv takes \n and \r\n; \r alone is an old Mac's.
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	separator, skipped := separatorOf(&text)
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = separator, -1
	first, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, &FileProblem{Problem: "empty"}
	}
	if err != nil {
		return nil, parseProblem(err, skipped)
	}
	is, err := headings(first)
	if err != nil {
		return nil, err
	}
	var lines []Line
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, parseProblem(err, skipped)
		}
		number, _ := r.FieldPos(0)
		if blank(record) {
			continue
		}
		if len(record) > len(is) && !blank(record[len(is):]) {
			return nil, &FileProblem{Problem: "too_many_cells", Line: number + skipped}
		}
		if len(lines) == MaxLines {
			return nil, &FileProblem{Problem: "too_many_lines"}
		}
		lines = append(lines, lineOf(record, is, number+skipped))
	}
	if len(lines) == 0 {
		return nil, &FileProblem{Problem: "empty"}
	}
	return lines, nil
}

// separatorOf finds what stands between cells: what a first line "sep=;" says, which it takes away, else
// the one of which the headings have most. skipped is how many lines it took.
func separatorOf(text *string) (separator rune, skipped int) {
	first, rest, _ := strings.Cut(*text, "\n")
	first = strings.TrimSuffix(first, "\r")
	if said, ok := strings.CutPrefix(strings.ToLower(first), "sep="); ok &&
		slices.Contains([]string{",", ";", "\t"}, said) {
		*text = rest
		return rune(said[0]), 1
	}
	separator = ','
	counts := map[rune]int{}
	quoted := false
	for _, r := range *text { // a heading within quotes may have separators and line ends
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '\n':
			return separator, 0
		default:
			if counts[r]++; strings.ContainsRune(",;\t", r) && counts[r] > counts[separator] {
				separator = r
			}
		}
	}
	return separator, 0
}

func parseProblem(err error, skipped int) error {
	problem := &FileProblem{Problem: "quotes"}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		problem.Line = parse.StartLine + skipped // where the quote that goes wrong may have opened
	}
	return problem
}

// headings returns what each column is: a key of the catalogue's users_file, "" for one that an import ignores.
func headings(record []string) ([]string, error) {
	columns := vocabulary(slices.Concat(imported[:], taken[:], ignored[:]), heading)
	is := make([]string, len(record))
	for i, cell := range record {
		name := typed.Line(cell)
		if name == "" {
			continue
		}
		known, ok := columns[heading(name)]
		if slices.Contains(ignored[:], known) {
			continue
		}
		if !ok {
			return nil, &FileProblem{Problem: "column", Column: short(name)}
		}
		if slices.Contains(is[:i], known) {
			return nil, &FileProblem{Problem: "column_twice", Column: short(name)}
		}
		is[i] = known
	}
	if !slices.Contains(is, "username") {
		return nil, &FileProblem{Problem: "no_username"}
	}
	return is, nil
}

func short(s string) string {
	if runes := []rune(s); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return s
}

func blank(record []string) bool {
	return !slices.ContainsFunc(record, func(cell string) bool { return typed.Line(cell) != "" })
}

func lineOf(record, is []string, number int) Line {
	line := Line{Number: number}
	for i, cell := range record {
		if i >= len(is) {
			break
		}
		cell = typed.Line(sheet.Unguard(typed.Line(cell)))
		switch is[i] {
		case "username":
			line.Username = cell
		case "name":
			line.Name = cell
		case "email":
			line.Email = cell
		case "role":
			line.Role = cell
		case "language":
			line.Language = cell
		case "mobile":
			line.Mobile = cell
		case "invite":
			line.Invite = cell
		}
	}
	return line
}
