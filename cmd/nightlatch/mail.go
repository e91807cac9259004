package main

import (
	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/session"
)

// mailSender is where mails go: the demo mailbox, the mail server, or nowhere (nil).
func (p *program) mailSender() mail.Sender {
	switch {
	case p.cfg.isDemo():
		return p.mailbox
	case p.cfg.mail != nil:
		return mail.NewSMTP(*p.cfg.mail, nil)
	}
	return nil
}

// mailQueue is nil where no mail is configured: then none is queued.
func (p *program) mailQueue() *mail.Queue {
	if p.mailSender() == nil {
		return nil
	}
	return mail.NewQueue(p.ring, p.outbox)
}

// mails sends what was queued.
func (p *program) mails(pool *db.Pool) *mail.Service {
	return mail.New(pool, p.ring, p.mailSender(), p.cfg.product, func() string { return p.origin.Load().String() }, p.logger)
}

// accountsOn are the accounts with everything that changes of passwords need.
func (p *program) accountsOn(pool *db.Pool, hasher *account.Hasher) *account.Service {
	var mailer account.Mailer
	if queue := p.mailQueue(); queue != nil {
		mailer = queue
	}
	return account.New(pool, hasher, p.log).WithMail(mailer, session.NewStore(pool, p.log), p.cfg.product)
}
