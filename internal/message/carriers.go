package message

import (
	"context"

	"github.com/nightlatch/nightlatch/internal/sms"
)

// Carriers are the providers that are set up, and the words that each is handed.
type Carriers struct {
	*sms.Router
	words Words
}

// NewCarriers returns Providers of a router.
func NewCarriers(router *sms.Router, words Words) Carriers { return Carriers{router, words} }

// Send puts a code into words and hands them to one provider. Of a call only the prompt is handed over: the code
// follows when somebody pressed a key, except on the demo phone.
func (c Carriers) Send(ctx context.Context, provider string, t Text) sms.Outcome {
	text := sms.Text{To: t.To, Ref: t.Ref, Life: t.Life}
	switch {
	case !c.MakesCalls(provider):
		text.Body = c.words.Text(t.Language, t.Code, t.Life)
	case c.Demo():
		text.Body = c.words.DemoCall(t.Language, t.Code)
	default:
		text.Prompt = c.words.Prompt(t.Language)
	}
	return c.Router.Send(ctx, provider, text)
}
