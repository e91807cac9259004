// Package demo is the demo phone and the demo mailbox, which show what a real installation would send. Their routes
// exist in demo mode alone.
package demo

import (
	"context"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/message"
)

// Texts reads the text messages that the demo provider was given.
type Texts interface {
	Texts(ctx context.Context) ([]message.DemoText, error)
}

// Mails reads the mails that the demo mailbox was given.
type Mails interface {
	Mails(ctx context.Context) ([]mail.DemoMail, error)
}

// Screens are the demo's pages.
type Screens struct {
	*web.Web
	texts Texts
	mails Mails
}

// New returns the Screens.
func New(w *web.Web, texts Texts, mails Mails) *Screens { return &Screens{w, texts, mails} }
