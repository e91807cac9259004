package office

// PasskeysSection is what the office says of passkeys.
type PasskeysSection struct {
	MayChange bool
	Alone     bool // with user verification a passkey is the whole log-in
	Demanded  bool // of superusers
	Without   int  // how many superusers have none
	Error     string
}
