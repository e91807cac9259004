//go:build !race

package main

// raced reports whether the race detector is in the program, which makes a password's hash several times as dear.
const raced = false
