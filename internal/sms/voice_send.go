package sms

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/vonage/vonage-go-sdk"
	"github.com/vonage/vonage-go-sdk/ncco"
)

// callRef is a ref that can stand in an address: that is where the provider brings it back.
var callRef = regexp.MustCompile(`^[0-9A-Za-z._-]{1,40}$`)

// Send asks for one call, within 8 s and within ctx, and says how that ended. The code
// is not in it. Sent means that the provider will dial; whether anybody picked up and
// pressed a key comes later, to Callback.
func (v *Voice) Send(ctx context.Context, t Text) (o Outcome) {
	if !mobile.MatchString(t.To) || !callRef.MatchString(t.Ref) {
		return Outcome{Class: Ours, Status: statusRequest, Reason: RequestWrong}
	}
	ctx, cancel := context.WithTimeout(ctx, v.cfg.Timeout)
	defer cancel()
	to, url := strings.TrimPrefix(t.To, "+"), v.cfg.Callback+"/"+t.Ref
	c := &voiceCall{
		call: call{ctx: ctx, base: v.transport, private: []string{to, v.cfg.From}},
		ncco: prompt(t.Prompt, url),
	}
	// The SDK asserts that every error is one of its own, and panics on any other, such
	// as ours from RoundTrip. Nothing of the panic may be shown: it can quote the request.
	defer func() {
		if r := recover(); c.ended != nil {
			o = *c.ended
		} else if r != nil {
			o = Outcome{Class: Unknown, Status: statusUnreadable, Reason: Unreadable}
		}
	}()
	token, err := v.cfg.token(time.Now())
	if err != nil {
		return Outcome{Class: Account, Status: statusRequest, Reason: Credentials}
	}
	client := vonage.NewVoiceClient(&vonage.JWTAuth{JWT: token})
	client.Config.BasePath = v.cfg.BaseURL
	client.Config.HTTPClient = &http.Client{Transport: c}

	opts := vonage.CreateCallOpts{
		From: vonage.CallFrom{Number: v.cfg.From}, To: vonage.CallTo{Number: to},
		EventUrl: []string{url}, EventMethod: http.MethodPost,
		RingingTimer: int32(min(max(t.Life, minRinging), maxRinging) / time.Second), LengthTimer: lengthTimer,
		MachineDetection: "hangup",
	}
	opts.Ncco.AddAction(ncco.TalkAction{Text: "-"}) // RoundTrip puts ours in its place
	result, _, err := client.CreateCall(opts)
	switch {
	case c.ended != nil:
		return *c.ended
	case !c.begun:
		return Outcome{Class: Ours, Status: statusRequest, Reason: RequestWrong}
	// The SDK calls some refusals a success without an id. RoundTrip lets none of them
	// through, and this is the second lock.
	case err != nil, result.Uuid == "":
		return Outcome{Class: Unknown, Status: statusUnreadable, Reason: Unreadable}
	}
	return Outcome{
		Class: Sent, Status: "0", ProviderID: safe(result.Uuid, idShape, c.private...), After: c.after, Parts: 1,
	}
}

// voiceCall is a call of the Voice API.
type voiceCall struct {
	call
	ncco []action
}

// RoundTrip sends the SDK's request with our NCCO in it, and lets nothing but the
// answer of a call that will be made back to the SDK.
func (c *voiceCall) RoundTrip(sdk *http.Request) (*http.Response, error) {
	raw, err := taken(sdk)
	if err != nil {
		return nil, c.wrong()
	}
	var request map[string]any
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, c.wrong()
	}
	request["ncco"] = c.ncco
	if raw, err = json.Marshal(request); err != nil {
		return nil, c.wrong()
	}
	sdk.URL.Path = strings.TrimSuffix(sdk.URL.Path, "/") // the documented address has none
	if raw, err = c.do(sdk, string(raw)); err != nil {
		return nil, err
	}
	// Into a map: encoding/json matches struct fields without regard to case.
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(raw, &answer); err != nil || word(answer["uuid"]) == "" {
		return nil, c.unreadable()
	}
	return plainResponse(sdk, http.StatusCreated, map[string]string{"uuid": word(answer["uuid"])})
}
