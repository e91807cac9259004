package templates

// ProveView asks for one proof that is typed: an authenticator code, a recovery code, or the password.
type ProveView struct {
	Heading string
	Lead    string
	Label   string
	Input   ProofInput
	Action  string
	Next    string
	Error   string
	Hint    string
	Trust   int // days for which this browser may be trusted, 0 for not at all
	Links   []Link
	SendURL string // where a text message is asked for instead, or ""
	Send    string // the text of that button
}

// Problems implements Refusable.
func (v ProveView) Problems() []Problem {
	return Problems("proof", v.Error)
}

// ProofInput is what a proof is typed as.
type ProofInput string

// A proof is the six digits of an app, a recovery code, or the password.
const (
	InputCode     ProofInput = "code"
	InputRecovery ProofInput = "recovery"
	InputPassword ProofInput = "password"
)

// Prove is the page.
var Prove = NewPage[ProveView](files, Card, "prove.html")
