//go:build !cgo

package native

// Without cgo there is no libhooks; the compiler's message is this name.
var _ = libhooks_needs_cgo_and_a_C_compiler
