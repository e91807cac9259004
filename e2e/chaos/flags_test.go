package chaos

import (
	"time"
)

const (
	shortChaos = 25 * time.Second
	shortSeed  = 20261
)
