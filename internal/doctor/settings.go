package doctor

// The checks of what the environment says ask nobody.

func (in *installation) origin(r *report) {
	if in.URL.Scheme == "https" {
		r.ok("Browsers reach this installation at %s.", in.URL)
		return
	}
	r.warning("NIGHTLATCH_URL is %s: browsers on this machine alone get in. "+
		"Put a proxy with TLS in front and set NIGHTLATCH_URL to its https origin.", in.URL)
}

func (in *installation) provider(r *report) {
	switch {
	case in.Provider == "":
		r.problem("%s.", in.ProviderError)
	case in.Demo:
		r.warning("SMS_PROVIDER is demo: every code shows on a page and no message is sent. " +
			"Set SMS_PROVIDER=vonage for an office.")
	case in.ProviderError != nil:
		r.problem("The settings of %s: %s.", in.Provider, in.ProviderError)
	default:
		r.ok("The settings of %s have the right form. Whether its account works shows with the first message.", in.Provider)
	}
	for _, warning := range in.ProviderWarnings {
		r.warning("%s", warning)
	}
}

func (in *installation) mail(r *report) {
	switch {
	case in.Demo:
		r.ok("Mails show on /demo/mailbox, and none is sent.")
	case in.Mail:
		r.ok("SMTP_URL and MAIL_FROM have the right form; the server is told the name %s.", in.MailName)
	default:
		r.ok("No mail is sent, since SMTP_URL is not set: who forgets a password needs a superuser, " +
			"and notices show on screen alone.")
	}
}
