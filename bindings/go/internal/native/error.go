package native

import (
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"syscall"

	"libhooks"
)

// parseError makes an error of what hooks_error_json says.
func parseError(status int, text []byte) *libhooks.Error {
	var data struct {
		Kind, Code, Message string
		Errno               syscall.Errno
		System              *struct {
			Operation string
			pathJSON
		}
		Where struct {
			pathJSON
			Line, Column int
			Hook         string
		}
		Diagnostics []diagnosticJSON
	}
	if err := json.Unmarshal(text, &data); err != nil {
		return &libhooks.Error{Status: status, Kind: "panic", Code: "panic", Message: "an error that is no JSON: " + err.Error()}
	}
	e := &libhooks.Error{
		Status:  status,
		Kind:    data.Kind,
		Code:    data.Code,
		Message: data.Message,
		Errno:   data.Errno,
		Path:    data.Where.path(),
		Line:    data.Where.Line,
		Column:  data.Where.Column,
		Hook:    data.Where.Hook,
	}
	if data.System != nil {
		e.System = &fs.PathError{Op: data.System.Operation, Path: data.System.path(), Err: data.Errno}
	}
	for _, diagnostic := range data.Diagnostics {
		e.Diagnostics = append(e.Diagnostics, libhooks.Diagnostic{
			Severity: diagnostic.Severity,
			Code:     diagnostic.Code,
			Path:     diagnostic.path(),
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
	pathJSON
	Severity, Code, Message, Hint string
	Line, Column                  int
	Errno                         syscall.Errno
}

// pathJSON is a path in the library's JSON, which is text: one that is no UTF-8 is there in hexadecimal digits, too.
type pathJSON struct {
	Path    string
	PathHex string `json:"path_hex"`
}

func (p pathJSON) path() string {
	if exact, err := hex.DecodeString(p.PathHex); err == nil && len(exact) > 0 {
		return string(exact)
	}
	return p.Path
}
