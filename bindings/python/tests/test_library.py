"""How the library is found, the error if it is not found, and the agreement with hooks.h and
Cargo.toml.
"""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
import typing
from ctypes import POINTER, c_bool, c_char_p, c_int, c_int64, c_size_t, c_uint64, c_void_p
from pathlib import Path

import pytest
from conftest import Python

import libhooks
from libhooks import _ffi, _results

# Prints the file of the loaded library.
WHICH = (
    "import libhooks\n"
    "maps = open('/proc/self/maps'); lines = maps.read().splitlines(); maps.close()\n"
    "print(*{line.split()[-1] for line in lines if 'libhooks.so' in line})\n"
)
# Prints the error of the import.
HOW = (
    "try:\n    import libhooks\n"
    "except ImportError as error:\n    print(type(error).__name__, error.name, error)\n"
)


@pytest.fixture
def elsewhere(library: Path, tmp_path: Path) -> Path:
    """A directory in which the loader can find the library by its SONAME."""
    directory = tmp_path / "lib"
    directory.mkdir()
    shutil.copyfile(library, directory / _ffi.SONAME)
    return directory


def test_the_order_of_the_search(
    python: Python, library: Path, elsewhere: Path, tmp_path: Path
) -> None:
    bundled = tmp_path / "place/libhooks/libhooks.so.0"
    named = tmp_path / "named-libhooks.so"
    shutil.copyfile(library, named)
    all_three = {"LIBHOOKS_PATH": str(named), "LD_LIBRARY_PATH": str(elsewhere)}

    def which(with_bundled: bool, **env: str) -> str:
        ran = python(WHICH, bundled=str(library) if with_bundled else None, **env)
        assert (ran.returncode, ran.stderr) == (0, "")
        return str(ran.stdout.strip())

    assert which(True, **all_three) == str(named)
    assert which(True, LIBHOOKS_PATH="", LD_LIBRARY_PATH=str(elsewhere)) == str(bundled)
    assert which(True) == str(bundled)
    assert which(False, LD_LIBRARY_PATH=str(elsewhere)) == str(elsewhere / _ffi.SONAME)
    # A plain file name refers to the working directory; the loader does not search for it.
    assert which(True, LIBHOOKS_PATH=named.name, LD_LIBRARY_PATH=str(elsewhere)) == str(named)


def test_without_a_library_the_error_says_what_to_install(python: Python, tmp_path: Path) -> None:
    here = python("import ctypes, sys; ctypes.CDLL('libhooks.so.0')")
    if here.returncode == 0:
        pytest.skip("a libhooks.so.0 is installed, so the package always finds a library")
    ran = python(HOW)
    assert ran.returncode == 0
    assert ran.stdout.startswith(
        "ImportError libhooks cannot find the library libhooks.so.0. Tried: LIBHOOKS_PATH"
    )
    assert str(tmp_path / "place/libhooks/libhooks.so.0") in ran.stdout
    for way in ("pip install libhooks", "make install", "set LIBHOOKS_PATH"):
        assert way in ran.stdout


def test_the_library_in_libhooks_path_must_exist(
    python: Python, library: Path, elsewhere: Path, tmp_path: Path
) -> None:
    """Even if there are other libraries, which are not the intended one."""
    for named in ("/missing/libhooks.so", str(tmp_path), "/dev/null"):
        ran = python(HOW, bundled=str(library), LIBHOOKS_PATH=named, LD_LIBRARY_PATH=str(elsewhere))
        assert ran.stdout.startswith(
            f"ImportError libhooks {named} cannot be loaded (set by LIBHOOKS_PATH): "
        )


def test_a_broken_bundled_library_is_not_skipped(
    python: Python, elsewhere: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"\x7fELF")
    ran = python(HOW, bundled=str(broken), LD_LIBRARY_PATH=str(elsewhere))
    assert "cannot be loaded (part of the package): " in ran.stdout


def compile_library(source: str, target: Path) -> str:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed (make deps)")
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-x", "c", "-o", str(target), "-"],
        input=source.encode(),
        check=True,
    )
    return str(target)


@pytest.mark.parametrize("difference", [-1, 1 << 16])
def test_a_library_of_another_version_is_rejected(
    python: Python, tmp_path: Path, difference: int
) -> None:
    major, minor, patch = _ffi.REQUIRED
    old = (major * 65536 + minor * 256 + patch) + difference
    library = compile_library(
        f"unsigned hooks_version_number (void) {{ return {old}; }}", tmp_path / "old.so"
    )
    ran = python(HOW, LIBHOOKS_PATH=library)
    have = f"{old >> 16}.{old >> 8 & 255}.{old & 255}"
    needs = f"libhooks {major}.{minor}.{patch} or later of that major version is needed"
    want = f"{library} is libhooks {have} (set by LIBHOOKS_PATH); {needs}"
    assert ran.stdout == f"ImportError libhooks {want}\n"


def test_an_incomplete_library_is_rejected(python: Python, tmp_path: Path) -> None:
    library = compile_library(
        "unsigned hooks_version_number (void) { return 255 << 8; }", tmp_path / "part.so"
    )
    ran = python(HOW, LIBHOOKS_PATH=library)
    assert ran.stdout.startswith(
        f"ImportError libhooks {library} is incomplete (set by LIBHOOKS_PATH): "
    )
    assert "hooks_version" in ran.stdout


def test_another_library_is_rejected(python: Python, tmp_path: Path) -> None:
    library = compile_library("int x;", tmp_path / "other.so")
    ran = python(HOW, LIBHOOKS_PATH=library)
    assert ran.stdout.startswith(
        f"ImportError libhooks {library} is not libhooks (set by LIBHOOKS_PATH); "
    )


def test_the_versions_are_those_in_cargo_toml(root: Path) -> None:
    found = re.search(r'^version = "(.+)"$', (root / "Cargo.toml").read_text(), re.MULTILINE)
    assert found
    assert libhooks.version() == found[1]
    assert libhooks.__version__ == found[1]


def test_without_an_installation_dunder_version_is_missing(python: Python, library: Path) -> None:
    program = (
        "import libhooks\n"
        "print(hasattr(libhooks, '__version__'), hasattr(libhooks, 'x'), libhooks.version())"
    )
    ran = python(
        "import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]\n" + program,
        bundled=str(library),
    )
    assert (ran.stdout, ran.stderr) == (f"False False {libhooks.version()}\n", "")


def test_constants_are_those_in_the_header(root: Path) -> None:
    header = (root / "include/hooks.h").read_text()
    defined = dict(re.findall(r"^#define (HOOKS_\w+) (.+)$", header, re.MULTILINE))
    assert defined["HOOKS_DEFAULT_DIR"].strip('"') == libhooks.DEFAULT_DIR
    assert defined["HOOKS_OVERRIDE_DIR"].strip('"') == libhooks.OVERRIDE_DIR
    numbers = {
        "POLICY_COMPATIBLE": "COMPATIBLE",
        "POLICY_STRICT": "STRICT",
        "POLICY_LENIENT": "LENIENT",
    }
    for name, ours in {**numbers, "BIND_MOUNTS_DETECT": "DETECT"}.items():
        assert getattr(_ffi, ours) == int(defined[f"HOOKS_{name}"].strip("()")), name
    for number, stream in _ffi.STREAMS.items():
        assert number == int(defined[f"HOOKS_STREAM_{stream.upper()}"])
    statuses = dict(re.findall(r"^  HOOKS_STATUS_(\w+) = (-\d+),$", header, re.MULTILINE))
    assert int(statuses["INVALID_ARGUMENT"]) == _ffi.INVALID_ARGUMENT
    for kind, status in _results._STATUS.items():
        assert status == int(statuses[kind.replace("-", "_").upper()])


# The ctypes types, with the C types in the header that they may stand for (without whitespace,
# "const", "struct" and names).
SORTS = {
    c_char_p: ("char*",),
    POINTER(c_char_p): ("char**",),
    c_void_p: (
        *("hooks_manager_t*", "hooks_options_t*", "hooks_error_t*", "char*", "void*", "uint8_t*"),
        *(
            "hooks_exec_options_t*",
            "hooks_exec_result_t*",
            "hooks_filter_result_t*",
            "hooks_monitor_t*",
        ),
    ),
    POINTER(c_void_p): tuple(
        f"{what}**"
        for what in (
            "char",
            *(
                f"hooks_{x}_t"
                for x in ("manager", "monitor", "error", "exec_result", "filter_result")
            ),
        )
    ),
    POINTER(c_size_t): ("size_t*",),
    _ffi._OUTPUT_FN: ("hooks_output_fn",),
    c_int64: ("int64_t",),
    POINTER(c_bool): ("bool*",),
    c_int: ("int",),
    c_size_t: ("size_t", "uint64_t"),
    c_uint64: ("size_t", "uint64_t"),
    None: ("void",),
}


def test_functions_have_the_types_in_the_header(root: Path) -> None:
    header = (root / "include/hooks.h").read_text()

    def plain(declared: str) -> str:
        return re.sub(r"const|struct|\s", "", declared)

    for function, (result, arguments) in _ffi._FUNCTIONS.items():
        found = re.search(rf"^(\w[\w *]*[ *]){function}\(([^)]*)\);", header, re.MULTILINE)
        assert found, function
        parameters = (
            []
            if found[2] == "void"
            else [re.sub(r"\w+$", "", part) for part in found[2].split(",")]
        )
        assert len(arguments) == len(parameters), function
        for ours, theirs in zip((result, *arguments), (found[1], *parameters)):
            assert plain(theirs) in SORTS[ours], (function, theirs)
        # A returned string that must be freed must not become bytes.
        assert result is not c_char_p or "const" in found[1], function


def test_the_example_in_the_docstring() -> None:
    assert doctest.testmod(libhooks) == (0, 3)


def test_types_can_be_read_at_run_time() -> None:
    for name in libhooks.__all__:
        thing = getattr(libhooks, name)
        # pydantic and similar packages do this.
        if callable(thing):
            hints = typing.get_type_hints(thing)
            assert hints or thing is libhooks.HooksError, name
    assert typing.get_type_hints(libhooks.Manager.hooks)["has_bind_mounts"] == typing.Optional[bool]
    assert typing.get_type_hints(libhooks.Diagnostic)["line"] == typing.Optional[int]


def test_everything_public_is_exported_and_documented() -> None:
    for name in libhooks.__all__:
        thing = getattr(libhooks, name)
        assert name in ("DEFAULT_DIR", "OVERRIDE_DIR") or thing.__doc__, name
    for kind in (libhooks.Manager, libhooks.Monitor):
        public = [name for name in vars(kind) if not name.startswith("_")]
        assert public
        for name in public:
            assert getattr(kind, name).__doc__, name
