//go:build race

package program

// Raced reports whether the race detector is in the program, which makes a password's hash several times as dear.
const Raced = true
