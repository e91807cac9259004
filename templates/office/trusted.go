package office

// TrustedView is for how long users of the office may trust a browser.
type TrustedView struct {
	Days    int   // 0: not at all
	Choices []int // days
}
