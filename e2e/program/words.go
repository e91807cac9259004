package program

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// AnyOf draws one of several.
func AnyOf[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

// CountedWords is a map's counts as words, in the order of the names.
func CountedWords(counts map[string]int) string {
	var words []string
	for _, name := range SortedKeys(counts) {
		words = append(words, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(words, ", ")
}

// SortedKeys are the keys of a map, in order.
func SortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
