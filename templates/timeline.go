package templates

// StepState is where a step of a timeline stands.
type StepState string

// A step is over, under way, or went wrong.
const (
	StepDone    StepState = "done"
	StepCurrent StepState = "current"
	StepFailed  StepState = "failed"
)
