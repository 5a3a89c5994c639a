package reference

import "math/rand/v2"

// random makes the choices of the generators. They depend only on the seed and the index, with
// every release of Go.
type random struct{ *rand.Rand }

func newRandom(seed, index uint64) random {
	return random{rand.New(rand.NewPCG(seed, index))}
}

func (r random) percent(chance int) bool {
	return r.IntN(100) < chance
}

func pick[T any](r random, items ...T) T {
	return items[r.IntN(len(items))]
}
