package reference

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	theirModule = "go.podman.io/common/pkg/"
	ourModule   = "libhooks/"
)

// additional holds the additional methods of our packages, by package and type. The README lists
// them.
var additional = map[string][]string{
	"hooks.Manager": {"Diagnostics", "Explain", "List"},
}

// additionalFunctions holds the additional functions of our packages. The README lists them.
var additionalFunctions = map[string][]string{
	"hooks": {"NewInRoot", "ReadDirInRoot", "ReadInRoot"},
}

// TestExportedAPI compares the exported API of the packages of both sides: names, types, fields
// with their order and tags, methods, and the values of constants.
func TestExportedAPI(t *testing.T) {
	packages := loadPackages(t)
	for _, name := range []string{"hooks", "hooks/1.0.0", "hooks/0.1.0", "hooks/exec"} {
		theirs, ours := exported(packages(theirModule+name)), exported(packages(ourModule+name))
		var lacking []string
		for object, theirText := range theirs {
			ourText, ok := ours[object]
			for _, method := range additional[name+"."+object] {
				var known bool
				if ourText, known = withoutMethod(ourText, method); !known {
					t.Errorf("%s.%s has no %s", name, object, method)
				}
			}
			if !ok {
				lacking = append(lacking, object)
			} else if ourText != theirText {
				t.Errorf("%s.%s:\nwant %s\ngot  %s", name, object, theirText, ourText)
			}
		}
		for object, text := range ours {
			_, ok := theirs[object]
			if !ok && !slices.Contains(additionalFunctions[name], object) {
				t.Errorf("%s.%s is not in the reference: %s", name, object, text)
			}
		}
		for _, function := range additionalFunctions[name] {
			if _, ok := ours[function]; !ok {
				t.Errorf("%s has no %s", name, function)
			}
		}
		if slices.Sort(lacking); len(lacking) > 0 {
			t.Errorf("%s lacks %q", name, lacking)
		}
		t.Logf("%s: %d names, %d missing: %q", name, len(theirs), len(lacking), lacking)
		if len(theirs) == 0 {
			t.Errorf("%s: the reference exports nothing", name)
		}
	}
}

// withoutMethod removes a method from the description of a type, and reports whether the type has
// it.
func withoutMethod(described, method string) (string, bool) {
	lines := strings.Split(described, "\n")
	before := len(lines)
	lines = slices.DeleteFunc(
		lines,
		func(line string) bool { return strings.Contains(line, ")."+method+"func(") },
	)
	return strings.Join(lines, "\n"), len(lines) < before
}

// loadPackages loads the exported API of packages from the compiler's export data.
func loadPackages(t *testing.T) func(path string) *types.Package {
	list := exec.Command(
		"go",
		"list",
		"-export",
		"-deps",
		"-f",
		"{{.ImportPath}} {{.Export}}",
		theirModule+"hooks/...",
		ourModule+"hooks/...",
	)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		path, file, _ := strings.Cut(lines.Text(), " ")
		files[path] = file
	}
	compiler := importer.ForCompiler(
		token.NewFileSet(),
		"gc",
		func(path string) (io.ReadCloser, error) { return os.Open(files[path]) },
	)
	return func(path string) *types.Package {
		loaded, err := compiler.Import(path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return loaded
	}
}

// exported returns a description of each exported name of a package.
func exported(from *types.Package) map[string]string {
	described := map[string]string{}
	d := describer{from}
	for _, name := range from.Scope().Names() {
		if object := from.Scope().Lookup(name); object.Exported() {
			described[name] = d.object(object)
		}
	}
	return described
}

// describer describes types without an exported name by their structure.
type describer struct{ of *types.Package }

func (d describer) object(object types.Object) string {
	switch object := object.(type) {
	case *types.Const:
		return fmt.Sprintf(
			"const %s = %s (%s)",
			d.describe(object.Type()),
			object.Val().ExactString(),
			kindOf(object.Val()),
		)
	case *types.TypeName:
		var methods []string
		for _, receiver := range []types.Type{object.Type(), types.NewPointer(object.Type())} {
			for method := range types.NewMethodSet(receiver).Methods() {
				if method.Obj().Exported() {
					methods = append(methods, fmt.Sprintf(
						"(%s).%s%s",
						d.describe(receiver),
						method.Obj().Name(),
						d.describe(method.Type()),
					))
				}
			}
		}
		alias := ""
		if object.IsAlias() {
			alias = "= "
		}
		underlying := d.describe(object.Type().Underlying())
		return "type " + alias + underlying + "\n" + strings.Join(methods, "\n")
	default:
		return fmt.Sprintf("%T %s", object, d.describe(object.Type()))
	}
}

func kindOf(value constant.Value) string { return value.Kind().String() }

func (d describer) describe(of types.Type) string {
	switch of := types.Unalias(of).(type) {
	case *types.Named:
		object := of.Obj()
		if object.Pkg() == d.of && !object.Exported() {
			return d.describe(of.Underlying())
		}
		if object.Pkg() == nil {
			return object.Name()
		}
		path := strings.TrimPrefix(object.Pkg().Path(), theirModule)
		return strings.TrimPrefix(path, ourModule) + "." + object.Name()
	case *types.Pointer:
		return "*" + d.describe(of.Elem())
	case *types.Slice:
		return "[]" + d.describe(of.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", of.Len(), d.describe(of.Elem()))
	case *types.Map:
		return "map[" + d.describe(of.Key()) + "]" + d.describe(of.Elem())
	case *types.Chan:
		return fmt.Sprintf("chan(%d) %s", of.Dir(), d.describe(of.Elem()))
	case *types.Signature:
		variadic := ""
		if of.Variadic() {
			variadic = "..."
		}
		return "func(" + d.tuple(of.Params()) + variadic + ") (" + d.tuple(of.Results()) + ")"
	case *types.Struct:
		var fields []string
		for i := range of.NumFields() {
			if field := of.Field(i); field.Exported() {
				fields = append(fields, fmt.Sprintf(
					"%s %s embedded:%t `%s`",
					field.Name(),
					d.describe(field.Type()),
					field.Embedded(),
					of.Tag(i),
				))
			}
		}
		return "struct{" + strings.Join(fields, "; ") + "}"
	default: // basic types, and interfaces without a name
		return of.String()
	}
}

func (d describer) tuple(tuple *types.Tuple) string {
	var all []string
	for variable := range tuple.Variables() {
		all = append(all, d.describe(variable.Type()))
	}
	return strings.Join(all, ", ")
}

// TestExportedAPIFindsChanges checks that different APIs have different descriptions.
func TestExportedAPIFindsChanges(t *testing.T) {
	const source = `package p
const C = "a"
type reader func(content []byte) error
var R map[string]reader
type S struct { A string ` + "`json:\"a\"`" + `; B []int }
func (s *S) M(a int, b ...string) (bool, error) { return false, nil }
func F(c chan<- error) {}
`
	describe := func(source string) map[string]string {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, "p.go", source, 0)
		if err != nil {
			t.Fatal(err)
		}
		checked, err := new(types.Config).Check("p", set, []*ast.File{file}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return exported(checked)
	}
	before := describe(source)
	for _, change := range [][2]string{
		{`C = "a"`, `C = "b"`},
		{`C = "a"`, `C string = "a"`},
		{`[]byte) error`, `string) error`},
		{`json:"a"`, `json:"a,omitempty"`},
		{`B []int }`, `B []int; C bool }`},
		{`B []int`, `B []int64`},
		{`s *S`, `s S`},
		{`...string`, `string`},
		{`chan<-`, `<-chan`},
		{`func F`, `func f`},
		{`R map`, `Q map`},
	} {
		if changed := strings.Replace(source, change[0], change[1], 1); changed == source ||
			maps.Equal(before, describe(changed)) {
			t.Errorf("not found: %s instead of %s", change[1], change[0])
		}
	}
	const more = "func (s *S) More() {}\n"
	if without, known := withoutMethod(describe(source + more)["S"], "More"); !known ||
		without != before["S"] {
		t.Errorf("the type without the method: %s", without)
	}
	if without, known := withoutMethod(before["S"], "More"); known || without != before["S"] {
		t.Errorf("the type without a method that it does not have: %s", without)
	}
	same := strings.NewReplacer("reader", "decoder", "a int", "n int").Replace(source)
	if !maps.Equal(before, describe(same)) {
		t.Error("names that are not exported change the description")
	}
}
