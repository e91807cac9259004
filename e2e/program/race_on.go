//go:build race

package program

// Raced reports whether the race detector is in the tests.
const Raced = true
