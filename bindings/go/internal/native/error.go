package native

import (
	"encoding/json"
	"io/fs"
	"syscall"

	"libhooks"
	"libhooks/internal/wire"
)

// parseError makes an error of what hooks_error_json says.
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
		return &libhooks.Error{Kind: "panic", Code: "panic", Message: "an error that is no JSON: " + err.Error()}
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
	}
	if data.System != nil {
		e.System = &fs.PathError{Op: data.System.Operation, Path: data.System.Exact(), Err: data.Errno}
	}
	for _, diagnostic := range data.Diagnostics {
		e.Diagnostics = append(e.Diagnostics, libhooks.Diagnostic{
			Severity: diagnostic.Severity,
			Code:     diagnostic.Code,
			Path:     diagnostic.Exact(),
			Line:     diagnostic.Line,
			Column:   diagnostic.Column,
			Message:  diagnostic.Message,
			Hint:     diagnostic.Hint,
			Errno:    diagnostic.Errno,
		})
	}
	return e
}

type diagnosticJSON struct {
	wire.Path
	Severity, Code, Message, Hint string
	Line, Column                  int
	Errno                         syscall.Errno
}
