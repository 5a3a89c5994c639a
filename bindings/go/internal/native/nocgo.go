//go:build !cgo

package native

// Without cgo, libhooks cannot be used. The compiler reports this name.
var _ = libhooks_needs_cgo_and_a_C_compiler
