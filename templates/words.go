package templates

// Tone is how good something is: the colour of its badge.
type Tone string

// Without a tone a badge is grey.
const (
	ToneNone Tone = ""
	ToneOK   Tone = "ok"
	ToneWarn Tone = "warn"
	ToneBad  Tone = "bad"
)

// StepState is where a step of a timeline stands.
type StepState string

// A step is over, under way, or went wrong.
const (
	StepDone    StepState = "done"
	StepCurrent StepState = "current"
	StepFailed  StepState = "failed"
)

// LoginState is what became of a log-in.
type LoginState string

// A log-in waits for its second factor, is complete, or ended without.
const (
	LoginWaiting LoginState = "waiting"
	LoginDone    LoginState = "done"
	LoginOver    LoginState = "over"
)

// ProofInput is what a proof is typed as.
type ProofInput string

// A proof is the six digits of an app, a recovery code, or the password.
const (
	InputCode     ProofInput = "code"
	InputRecovery ProofInput = "recovery"
	InputPassword ProofInput = "password"
)

// FactorState is what a user has for the second factor, in the list of users.
type FactorState string

// FactorBoth is a number and an app; an unconfirmed number is no factor yet.
const (
	FactorBoth        FactorState = "both"
	FactorApp         FactorState = "app"
	FactorNumber      FactorState = "number"
	FactorUnconfirmed FactorState = "unconfirmed"
	FactorNone        FactorState = "none"
)

// Policy is what an office makes of single sign-on while it demands two factors.
type Policy string

// The provider's log-in is refused, trusted with the second factor, or followed by ours.
const (
	PolicyRefuse Policy = "refuse"
	PolicyTrust  Policy = "trust"
	PolicyAsk    Policy = "ask"
)

// ImportState is what an import would do with a line.
type ImportState string

// A line makes a user, changes one, or is wrong.
const (
	ImportNew     ImportState = "new"
	ImportChanged ImportState = "changed"
	ImportBad     ImportState = "bad"
)

// Strength is how good a password is.
type Strength string

// Nothing typed has no strength.
const (
	StrengthNone    Strength = ""
	StrengthRefused Strength = "refused"
	StrengthFair    Strength = "fair"
	StrengthGood    Strength = "good"
	StrengthStrong  Strength = "strong"
)
