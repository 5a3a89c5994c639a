package native

/*
#include <stdlib.h>
#include "library.h"
*/
import "C"

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"unsafe"

	"libhooks"
	"libhooks/internal/wire"
)

// Explain calls hooks_manager_explain.
func (m *Manager) Explain(
	config, annotations string,
	hasBindMounts bool,
) (*libhooks.Explanation, error) {
	defer runtime.KeepAlive(m)
	cConfig, cAnnotations := C.CString(config), C.CString(annotations)
	defer C.free(unsafe.Pointer(cConfig))
	defer C.free(unsafe.Pointer(cAnnotations))
	var text *C.char
	var failure *C.hooks_error_t
	if C.hooks_manager_explain(
		m.pointer,
		cConfig,
		cAnnotations,
		cBool(hasBindMounts),
		&text,
		&failure,
	) != C.HOOKS_STATUS_OK {
		return nil, take(failure)
	}
	data, err := wire.Decode[struct {
		Generation  uint64
		Error       string
		Hooks       []verdictJSON
		Masked      []maskedJSON
		WithoutHook []diagnosticJSON
	}](takeString(text))
	if err != nil {
		return nil, err
	}
	return &libhooks.Explanation{
		Generation:  data.Generation,
		Error:       data.Error,
		Hooks:       each(data.Hooks, verdictJSON.verdict),
		Masked:      each(data.Masked, maskedJSON.masked),
		WithoutHook: each(data.WithoutHook, diagnosticJSON.diagnostic),
	}, nil
}

// List calls hooks_manager_list.
func (m *Manager) List() (*libhooks.Listing, error) {
	defer runtime.KeepAlive(m)
	var text *C.char
	var failure *C.hooks_error_t
	if C.hooks_manager_list(m.pointer, &text, &failure) != C.HOOKS_STATUS_OK {
		return nil, take(failure)
	}
	data, err := wire.Decode[struct {
		Generation uint64
		Hooks      []listedJSON
		Masked     []maskedJSON
	}](takeString(text))
	if err != nil {
		return nil, err
	}
	return &libhooks.Listing{
		Generation: data.Generation,
		Hooks:      each(data.Hooks, listedJSON.listed),
		Masked:     each(data.Masked, maskedJSON.masked),
	}, nil
}

// Diagnostics calls hooks_manager_diagnostics.
func (m *Manager) Diagnostics() ([]libhooks.Diagnostic, error) {
	defer runtime.KeepAlive(m)
	var text *C.char
	var failure *C.hooks_error_t
	if C.hooks_manager_diagnostics(m.pointer, &text, &failure) != C.HOOKS_STATUS_OK {
		return nil, take(failure)
	}
	data, err := wire.Decode[[]diagnosticJSON](takeString(text))
	if err != nil {
		return nil, err
	}
	return each(data, diagnosticJSON.diagnostic), nil
}

type verdictJSON struct {
	wire.Path
	Verdict, Error string
	Stages         []string
	AnyOf          bool
	Conditions     []conditionJSON
	Diagnostics    []diagnosticJSON
}

func (v verdictJSON) verdict() libhooks.HookVerdict {
	return libhooks.HookVerdict{
		// The name in the library's JSON has replacement characters if it is not UTF-8.
		Name:    filepath.Base(v.Exact()),
		Path:    v.Exact(),
		Verdict: v.Verdict,
		Error:   v.Error,
		Stages:  v.Stages,
		AnyOf:   v.AnyOf,
		Conditions: each(
			v.Conditions,
			func(c conditionJSON) libhooks.Condition { return libhooks.Condition(c) },
		),
		Diagnostics: each(v.Diagnostics, diagnosticJSON.diagnostic),
	}
}

type conditionJSON libhooks.Condition

// UnmarshalJSON reads the members that all kinds have, and then those of this kind.
func (c *conditionJSON) UnmarshalJSON(text []byte) error {
	var common struct {
		Condition, Outcome, Error string
		Line, Column              int
		AfterVerdict              bool
	}
	if err := json.Unmarshal(text, &common); err != nil {
		return err
	}
	*c = conditionJSON{
		Kind:         common.Condition,
		Line:         common.Line,
		Column:       common.Column,
		Outcome:      common.Outcome,
		Error:        common.Error,
		AfterVerdict: common.AfterVerdict,
	}
	switch c.Kind {
	case "always":
		return json.Unmarshal(text, &c.Always)
	case "has-bind-mounts":
		return json.Unmarshal(text, &c.HasBindMounts)
	case "annotation":
		return json.Unmarshal(text, &c.Annotation)
	case "commands":
		return json.Unmarshal(text, &c.Commands)
	}
	return nil
}

type listedJSON struct {
	wire.Listed
	Masks []wire.Path
}

func (l listedJSON) listed() libhooks.ListedHook {
	return libhooks.ListedHook{
		Name:            filepath.Base(l.Exact()),
		Path:            l.Exact(),
		Masks:           each(l.Masks, wire.Path.Exact),
		Hook:            l.Hook.Hook,
		When:            l.Hook.When,
		Stages:          l.Hook.Stages,
		Injected:        l.Injected,
		ExtensionStages: l.ExtensionStages,
	}
}

type maskedJSON struct {
	wire.Path
	By    string
	ByHex string `json:"by_hex"`
}

func (m maskedJSON) masked() libhooks.MaskedHook {
	return libhooks.MaskedHook{Path: m.Exact(), By: wire.Path{Text: m.By, Hex: m.ByHex}.Exact()}
}

// each converts each element. It returns nil for an empty slice.
func each[From, To any](all []From, convert func(From) To) []To {
	var converted []To
	for _, one := range all {
		converted = append(converted, convert(one))
	}
	return converted
}
