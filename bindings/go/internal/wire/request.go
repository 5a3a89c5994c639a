package wire

import (
	"encoding/binary"
	"math"

	rspec "github.com/opencontainers/runtime-spec/specs-go"

	"libhooks"
)

// The kinds of process in a request.
const (
	processAbsent = iota
	processWithoutArgs
	processWithArgs
)

// AppendRequest appends the container's data that conditions use, in the flat form that
// hooks_snapshot_match takes. A nil config has no process.
func AppendRequest(
	request []byte,
	config *rspec.Spec,
	annotations map[string]string,
) ([]byte, error) {
	switch {
	case config == nil || config.Process == nil:
		request = appendNumber(request, processAbsent)
	case len(config.Process.Args) == 0:
		request = appendNumber(request, processWithoutArgs)
	default:
		request = appendNumber(request, processWithArgs)
		request = appendString(request, config.Process.Args[0])
	}
	request = appendNumber(request, len(annotations))
	for key, value := range annotations {
		request = appendString(request, key)
		request = appendString(request, value)
	}
	// Lengths are 32-bit numbers. If the whole request is not longer, no part of it is.
	if uint64(len(request)) > math.MaxUint32 {
		return nil, &libhooks.Error{
			Kind:    "invalid-argument",
			Code:    "invalid-argument",
			Message: "annotations and config.Process.Args[0] have 4 GiB or more",
		}
	}
	return request, nil
}

// maxWords is one more than the number of words of a command line that explanations use.
const maxWords = 257

// Container returns the container's data that explanations use, as JSON: a config with nothing
// else, and the annotations. Each byte that is not UTF-8 becomes U+FFFD, and patterns treat it as
// U+FFFD, too. A nil config has no process.
func Container(
	config *rspec.Spec,
	annotations map[string]string,
) (configText, annotationsText string) {
	type process struct {
		Args []string `json:"args"`
	}
	var container struct {
		Process *process `json:"process,omitempty"`
	}
	if config != nil && config.Process != nil {
		container.Process = &process{config.Process.Args[:min(maxWords, len(config.Process.Args))]}
	}
	return encode(container), encode(annotations)
}

func appendNumber(request []byte, number int) []byte {
	return binary.NativeEndian.AppendUint32(request, uint32(number))
}

func appendString(request []byte, text string) []byte {
	return append(appendNumber(request, len(text)), text...)
}
