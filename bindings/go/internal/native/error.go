package native

import (
	"encoding/json"
	"io/fs"
	"syscall"

	"libhooks"
	"libhooks/internal/wire"
)

// parseError converts the JSON of hooks_error_json to an error.
func parseError(text []byte) *libhooks.Error {
	var data struct {
		Kind, Code, Message string
		Errno               syscall.Errno
		System              *struct {
			Operation string
			wire.Path
		}
		Where struct {
			wire.Path
			Line, Column int
			Hook         string
		}
		Diagnostics []diagnosticJSON
	}
	if err := json.Unmarshal(text, &data); err != nil {
		return &libhooks.Error{
			Kind:    "panic",
			Code:    "panic",
			Message: "the library returned an error that is not JSON: " + err.Error(),
		}
	}
	e := &libhooks.Error{
		Kind:    data.Kind,
		Code:    data.Code,
		Message: data.Message,
		Errno:   data.Errno,
		Path:    data.Where.Exact(),
		Line:    data.Where.Line,
		Column:  data.Where.Column,
		Hook:    data.Where.Hook,

		Diagnostics: each(data.Diagnostics, diagnosticJSON.diagnostic),
	}
	if data.System != nil {
		e.System = &fs.PathError{
			Op:   data.System.Operation,
			Path: data.System.Exact(),
			Err:  data.Errno,
		}
	}
	return e
}

type diagnosticJSON struct {
	wire.Path
	Severity, Code, Message, Hint, Reference, Cause string
	Line, Column                                    int
	Errno                                           syscall.Errno
}

func (d diagnosticJSON) diagnostic() libhooks.Diagnostic {
	return libhooks.Diagnostic{
		Severity:  d.Severity,
		Code:      d.Code,
		Path:      d.Exact(),
		Line:      d.Line,
		Column:    d.Column,
		Message:   d.Message,
		Hint:      d.Hint,
		Reference: d.Reference,
		Cause:     d.Cause,
		Errno:     d.Errno,
	}
}
