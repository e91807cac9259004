package evidence

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/sheet"
)

// ErrNoEvidence says that a file is no evidence as it was downloaded.
var ErrNoEvidence = errors.New("this is no evidence as Nightlatch wrote it; a file that a spreadsheet saved is not")

// Verified is what a file says of itself.
type Verified struct {
	audit.Report

	Key ed25519.PublicKey // that signed it
	At  time.Time
}

// Verify says what was changed, left out or added in a file, with nothing but the file: whether the key that signed it
// is the installation's, its reader has to know. It returns ErrNoEvidence.
func Verify(file []byte) (v Verified, err error) {
	rows, err := sheet.Read(string(file))
	if err != nil || len(rows) < 3 || rows[1][0] != rowOffice {
		return v, ErrNoEvidence
	}
	for _, row := range rows {
		if len(row) != columns {
			return v, ErrNoEvidence
		}
	}
	last := len(rows) - 1
	v.Findings = []audit.Finding{}
	office := rows[1][colActor]
	wrong := func(kind audit.Wrong, text string) {
		v.Findings = append(v.Findings, audit.Finding{Wrong: kind, Office: office, Text: text})
	}
	if rows[last][colRow] != rowFile {
		wrong(audit.CutOff, "Cut off: the last row, with the signature of the file, is missing.")
	} else {
		signature := unhex(rows[last][colSignature])
		v.Key, v.At = unhex(rows[last][colKey]), moment(rows[1][colAt])
		if !audit.Signed(signedPart(file), v.Key, signature) || !slices.Equal(rows[last], fileRow(v.At, v.Key, signature)) {
			wrong(audit.Forged, "The file is not as it was signed: something in it was changed, left out or added.")
		}
		rows = rows[:last]
	}
	check, err := follow(office, rows)
	if err != nil {
		return v, err
	}
	check.End()
	v.Histories, v.Findings = []audit.History{check.History()}, append(v.Findings, check.Found...)
	return v, nil
}

// signedPart is all of a file but its last row.
func signedPart(file []byte) []byte {
	return file[:bytes.LastIndex(bytes.TrimSuffix(file, []byte("\r\n")), []byte("\r\n"))+2]
}

// follow goes from link to link, as the file has them.
func follow(office string, rows [][]string) (*audit.Check, error) {
	var heads []audit.Head
	var behind *audit.Link
	for _, row := range rows {
		switch row[colRow] {
		case rowHead:
			heads = append(heads, audit.Head{
				Office: number(row[colOffice]), Number: number(row[colNumber]), Hash: unhex(row[colHash]),
				SignedAt: moment(row[colAt]), PublicKey: unhex(row[colKey]), Signature: unhex(row[colSignature]),
			})
		case rowBefore:
			l := link(row)
			behind = &l
		}
	}
	check := audit.NewCheck(office, heads, behind)
	for n, row := range rows[1:] {
		switch l := link(row); row[colRow] {
		case rowEvent:
			check.Next(l, &audit.Record{
				ID: l.Event, At: l.At, Office: l.Office, Actor: audit.Person{ID: number(row[colActorID]), Name: row[colActor]},
				Subject: audit.Person{ID: number(row[colSubjectID]), Name: row[colSubject]}, Action: audit.Action(row[colAction]),
				Detail: row[colDetail], Address: row[colAddress],
			}, false)
		case rowOver:
			check.Next(l, nil, l.Attempt)
		case rowLink:
			check.Next(l, nil, true)
		case rowOffice, rowCoverage, rowBefore, rowHead:
		default:
			return nil, fmt.Errorf("%w: row %d is a %q", ErrNoEvidence, n+2, strings.ToValidUTF8(row[colRow], "?"))
		}
	}
	return check, nil
}

// What cannot be read is nothing, which no hash and no signature is right for.

func link(row []string) audit.Link {
	return audit.Link{
		Office: number(row[colOffice]), Number: number(row[colNumber]), Event: number(row[colEvent]), At: moment(row[colAt]),
		Attempt: row[colKind] == "attempt", Content: unhex(row[colContent]), Hash: unhex(row[colHash]),
	}
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func unhex(text string) []byte {
	b, _ := hex.DecodeString(text)
	return b
}

func moment(text string) time.Time {
	t, _ := time.Parse(precise, text)
	return t
}
