package sheet

import (
	"encoding/csv"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// hostile is what cells are put together of.
var hostile = []string{
	"=", "+", "-", "@", "＝", "'", `"`, `""`, " ", ";", ",", "\t", "\r", "\n", "\r\n", "1+1", "x", "HYPERLINK(A1)",
	"cmd|'/c calc'!A0", "",
}

// seen is a file as a spreadsheet with this separator sees it: quotes count at the start of a cell alone.
func seen(text string, separator byte) (cells []string) {
	for text != "" {
		var cell strings.Builder
		quoted := strings.HasPrefix(text, `"`)
		if quoted {
			text = text[1:]
		}
		for text != "" {
			c := text[0]
			switch {
			case quoted && strings.HasPrefix(text, `""`):
				cell.WriteByte('"')
				text = text[2:]
				continue
			case quoted && c == '"':
				quoted, text = false, text[1:]
				continue
			}
			text = text[1:]
			if !quoted && (c == separator || c == '\n' || c == '\r') {
				break
			}
			cell.WriteByte(c)
		}
		cells = append(cells, cell.String())
	}
	return cells
}

// computed reports whether a spreadsheet would compute a cell.
func computed(cell string) bool {
	cell = strings.TrimLeft(cell, `" `)
	return cell != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(cell)[0])
}

// check writes rows, and looks at them as each spreadsheet does.
func check(t *testing.T, rows [][]string) {
	t.Helper()
	checkWith(t, ',', rows)
	checkWith(t, ';', rows) // as for readers of Dutch
}

func checkWith(t *testing.T, between rune, rows [][]string) {
	t.Helper()
	var file strings.Builder
	if err := Write(&file, string(between), rows); err != nil {
		t.Fatal(err)
	}
	for _, separator := range []byte(",;\t") {
		for _, cell := range seen(file.String(), separator) {
			if computed(cell) {
				t.Fatalf("with %q between cells %q computes %q:\n%s", separator, rows, cell, file.String())
			}
		}
	}
	if back, err := Read(file.String()); err != nil || !reflect.DeepEqual(back, rows) {
		t.Fatalf("%q comes back as %q (%v)", rows, back, err)
	}
	reader := csv.NewReader(strings.NewReader(file.String()))
	reader.Comma = between
	read, err := reader.ReadAll()
	if err != nil || len(read) != len(rows) {
		t.Fatalf("%q is no CSV: %v", file.String(), err)
	}
	for i, row := range read {
		back := make([]string, len(row))
		for j, cell := range row {
			back[j] = Unguard(cell)
		}
		want := make([]string, len(rows[i]))
		for j, cell := range rows[i] {
			want[j] = cell
			if strings.Contains(cell, "\r\n") { // encoding/csv makes one line end of two bytes
				return
			}
		}
		if !reflect.DeepEqual(back, want) {
			t.Fatalf("%q comes back as %q", want, back)
		}
	}
}

func TestNoCellIsComputedWhateverStandsBetweenCells(t *testing.T) {
	t.Parallel()
	check(t, [][]string{{"x;=HYPERLINK(A1);y", "b;=1+1;c", "=1", "+1", "@x", "-1", "\t=1", "'=1", `;"=1`, "b; =1"}})
	random := rand.New(rand.NewPCG(20261127, 1))
	for range 20_000 {
		rows := make([][]string, 1+random.IntN(2))
		for i := range rows {
			for range 3 {
				var cell strings.Builder
				for range random.IntN(6) {
					cell.WriteString(hostile[random.IntN(len(hostile))])
				}
				rows[i] = append(rows[i], cell.String())
			}
		}
		check(t, rows)
	}
}

func TestEveryCellStandsWithinQuotes(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	err := Write(&file, ",", [][]string{{"a", `b"c`, "=1"}, {"", "x;=1", "x\t@y"}})
	const want = "\"a\",\"b\"\"c\",\"'=1\"\r\n\"\",\"x;'=1\",\"x\t'@y\"\r\n"
	if err != nil || file.String() != want {
		t.Errorf("%q (%v)", file.String(), err)
	}
	for _, cell := range []string{"=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "'=1", "''=1", "=cmd|' /C calc'!A0"} {
		if !strings.HasPrefix(Guard(cell), "'") || Unguard(Guard(cell)) != cell {
			t.Errorf("%q is written as %q", cell, Guard(cell))
		}
	}
}

func TestWhatIsNoFormulaStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{"", "'", "'t Hart", "O'Neil", "Jansen-de Vries", "a=b", "x; y", "0,5", "2026", `"x"`} {
		if got := Guard(cell); got != cell {
			t.Errorf("%q becomes %q", cell, got)
		}
	}
}

func FuzzGuard(f *testing.F) {
	for _, seed := range []string{"=1", "'=1", "''", "'t", "\t", "＠x", "x;=1", "x;'=1", "a\t\t=b\r\n@"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		if got := Unguard(Guard(cell)); got != cell {
			t.Errorf("%q comes back as %q", cell, got)
		}
	})
}

func TestAFileThatSomethingElseSavedIsNotRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a,b\r\n", `"a"`, `"a`, "\"a\"\n", "\"a\",\"b\";\"c\"\r\n", "\"a\",\r\n",
		"\"a\"x\"b\"", "\ufeff\"a\"\r\n"} {
		if rows, err := Read(text); err == nil {
			t.Errorf("%q is read as %q", text, rows)
		}
	}
	if rows, err := Read(""); err != nil || rows != nil {
		t.Errorf("nothing is %q, %v", rows, err)
	}
}
