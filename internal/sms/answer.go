package sms

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// answer is what Vonage says about one request, in the one form in which the SDK
// reads it without failing or panicking.
type answer struct {
	Count    string `json:"message-count"`
	Messages []part `json:"messages"`
}

// part is one segment's fate. The number and the error text, which Vonage also
// sends, are left where they are.
type part struct {
	ID      string `json:"message-id,omitempty"`
	Status  string `json:"status"`
	Balance string `json:"remaining-balance,omitempty"`
	Price   string `json:"message-price,omitempty"`
	Network string `json:"network,omitempty"`
}

var errShape = errors.New("not an answer of the SMS API")

// readAnswer reads an answer strictly where it decides and loosely where it only
// informs: every part needs a status that is a string, and a count, if given, must
// match; but a price that turns into a number one day must not make every text
// unreadable, since each would then be sent twice.
//
// It reads into maps because encoding/json matches struct fields without regard
// to case: {"status":"9","STATUS":"0"} would be a success.
func readAnswer(raw []byte, private ...string) (answer, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(raw, &top); err != nil {
		return answer{}, errShape // err would quote the answer
	}
	var messages []map[string]json.RawMessage
	if err := json.Unmarshal(top["messages"], &messages); err != nil || len(messages) == 0 {
		return answer{}, fmt.Errorf("%w: no messages in it", errShape) // the SDK panics on an empty list
	}
	a := answer{Count: strconv.Itoa(len(messages))}
	if count, given := top["message-count"]; given && word(count) != a.Count {
		return answer{}, fmt.Errorf("%w: another count than parts", errShape)
	}
	for _, m := range messages {
		var status *string
		if err := json.Unmarshal(m["status"], &status); err != nil || status == nil {
			return answer{}, fmt.Errorf("%w: a part without a status", errShape)
		}
		a.Messages = append(a.Messages, part{
			Status:  *status,
			ID:      safe(word(m["message-id"]), idShape, private...),
			Balance: safe(word(m["remaining-balance"]), moneyShape, private...),
			Price:   safe(word(m["message-price"]), moneyShape, private...),
			Network: safe(word(m["network"]), networkShape, private...),
		})
	}
	return a, nil
}

// word returns a JSON string or number as a string, anything else as "".
func word(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}
