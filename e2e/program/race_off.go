//go:build !race

package program

// Raced reports whether the race detector is in the program.
const Raced = false
