//go:build libhooks_static

package native

// #cgo pkg-config: libhooks-static
import "C"
