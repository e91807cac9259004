package evidence

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/sheet"
)

// Words puts an event into a sentence, and its detail into words.
type Words func(audit.Entry) (what, detail string)

// The kinds of rows, in the first column: words of the form and not of a language.
const (
	rowOffice   = "office"   // whose, and of when
	rowCoverage = "coverage" // a day
	rowBefore   = "before"   // the link before the first
	rowEvent    = "event"
	rowOver     = "over" // an attempt that is over: its link stands
	rowLink     = "link" // behind the range, to the next that is signed
	rowHead     = "head" // a signature of a link
	rowFile     = "file" // that of all rows before it
)

// The columns. What stands in what is for the reader alone, and guarded by the signature of the file.
const (
	colRow = iota
	colNumber
	colAt
	colWhat
	colActor
	colSubject
	colDetail
	colAddress
	colEvent
	colOffice
	colActorID
	colSubjectID
	colAction
	colKind
	colUsers
	colReady
	colContent
	colHash
	colKey
	colSignature
	columns
)

// precise is how moments are written: as exactly as the database has them.
const precise = "2006-01-02T15:04:05.000000Z"

func row(kind string, cells map[int]string) []string {
	of := make([]string, columns)
	of[colRow] = kind
	for column, text := range cells {
		of[column] = text
	}
	return of
}

func fileRow(made time.Time, key, signature []byte) []string {
	return row(rowFile, map[int]string{
		colAt: at(made), colKey: hex.EncodeToString(key), colSignature: hex.EncodeToString(signature),
	})
}

func digits(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func at(t time.Time) string { return t.UTC().Format(precise) }

// CSV returns the evidence as a table in a language. Its last row is the signature of all before it.
func (e *Evidence) CSV(lang string, words Words) ([]byte, error) {
	separator := locale.T(lang, "files.separator")
	head := make([]string, columns)
	for i := range head {
		head[i] = locale.T(lang, "evidence_file."+columnNames[i])
	}
	rows := [][]string{head, row(rowOffice, map[int]string{
		colAt: at(e.Made), colWhat: e.Name, colActor: e.Office, colDetail: e.Range.First.Format(time.DateOnly) + " " +
			e.Range.Last.Format(time.DateOnly) + " " + e.Range.Zone.String(),
	})}
	for _, d := range e.Coverage {
		rows = append(rows, row(rowCoverage, map[int]string{
			colAt: d.Day.Format(time.DateOnly), colUsers: strconv.Itoa(d.Users), colReady: strconv.Itoa(d.Ready),
		}))
	}
	if e.Behind != nil {
		rows = append(rows, linkRow(rowBefore, *e.Behind))
	}
	for _, l := range e.Links {
		rows = append(rows, eventRow(l, words))
	}
	for _, l := range e.Further {
		rows = append(rows, linkRow(rowLink, l))
	}
	for _, h := range e.Heads {
		rows = append(rows, row(rowHead, map[int]string{
			colNumber: digits(h.Number), colAt: at(h.SignedAt), colOffice: digits(h.Office), colHash: hex.EncodeToString(h.Hash),
			colKey: hex.EncodeToString(h.PublicKey), colSignature: hex.EncodeToString(h.Signature),
		}))
	}
	var file bytes.Buffer
	if err := sheet.Write(&file, separator, rows); err != nil {
		return nil, err
	}
	key, signature := audit.Sign(e.ring, file.Bytes())
	if err := sheet.Write(&file, separator, [][]string{fileRow(e.Made, key, signature)}); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

// columnNames are the catalogue's keys of the columns' heads.
var columnNames = [columns]string{"row", "number", "at", "what", "actor", "subject", "detail", "address", "event",
	"office", "actor_id", "subject_id", "action", "kind", "users", "ready", "content", "hash", "key", "signature"}

func linkRow(kind string, l audit.Link) []string {
	lasting := "kept"
	if l.Attempt {
		lasting = "attempt"
	}
	return row(kind, map[int]string{
		colNumber: digits(l.Number), colAt: at(l.At), colEvent: digits(l.Event), colOffice: digits(l.Office),
		colKind: lasting, colContent: hex.EncodeToString(l.Content), colHash: hex.EncodeToString(l.Hash),
	})
}

func eventRow(l audit.Linked, words Words) []string {
	if l.Event == nil {
		return linkRow(rowOver, l.Link)
	}
	of := linkRow(rowEvent, l.Link)
	of[colWhat], _ = words(entry(l.Event))
	of[colActor], of[colActorID] = l.Event.Actor.Name, digits(l.Event.Actor.ID)
	of[colSubject], of[colSubjectID] = l.Event.Subject.Name, digits(l.Event.Subject.ID)
	of[colAction], of[colDetail], of[colAddress] = string(l.Event.Action), l.Event.Detail, l.Event.Address
	return of
}

func entry(r *audit.Record) audit.Entry {
	return audit.Entry{ID: r.ID, At: r.At, Actor: r.Actor.Name, Subject: r.Subject.Name, Action: r.Action,
		Detail: r.Detail, Address: r.Address}
}
