"""Hook files and conditions, without a manager."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Write

import libhooks


def test_read_returns_the_hook_as_version_1_0_0(write: Write, tmp_path: Path) -> None:
    path = write(hook={"path": "/bin/sh", "env": ["A=1"], "timeout": 3})
    for form in (path, str(path), str(path).encode()):
        assert libhooks.read(form) == {
            "version": "1.0.0",
            "hook": {"path": "/bin/sh", "env": ["A=1"], "timeout": 3},
            "when": {"always": True},
            "stages": ["createRuntime"],
        }
    old = tmp_path / "old.json"
    old.write_text(
        '{"hook": "/bin/sh", "stage": ["prestart"], "cmd": ["sh$"], "arguments": ["-c", "true"]}'
    )
    assert libhooks.read(old) == {
        "version": "1.0.0",
        "hook": {"path": "/bin/sh", "args": ["/bin/sh", "-c", "true"]},
        "when": {"commands": ["sh$"], "or": True},
        "stages": ["prestart"],
    }


def test_read_reports_errors_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.read(tmp_path / "missing.json")
    error = caught.value
    assert (error.kind, error.status, error.errno) == ("io", -4, errno.ENOENT)
    assert error.path == str(tmp_path / "missing.json")
    assert str(error) == error.message == f"open {tmp_path}/missing.json: no such file or directory"
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.read(tmp_path / "x.txt")
    assert (caught.value.kind, caught.value.status, caught.value.errno) == (
        "no-json-suffix",
        -12,
        None,
    )


def test_read_reports_the_position_of_an_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{\n  "version": 1\n}')
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.read(path)
    error = caught.value
    assert (error.kind, error.code, error.path) == ("hook-file", "json-type", str(path))
    assert (error.line, error.column, error.hook, error.diagnostics) == (2, 14, None, ())


def test_read_accepts_extension_stages(write: Write) -> None:
    path = write(stages=["precreate"])
    assert libhooks.read(path, ["precreate"])["stages"] == ["precreate"]
    with pytest.raises(libhooks.HooksError, match='unknown stage "precreate"'):
        libhooks.read(path)


def test_read_dir_returns_the_valid_hooks_also_on_failure(write: Write) -> None:
    path = write()
    write("é.json")
    good = libhooks.read_dir(path.parent)
    assert list(good) == ["a.json", "é.json"]
    assert good["a.json"] == libhooks.read(path)
    (path.parent / "bad.json").write_text("{")
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.read_dir(path.parent)
    assert caught.value.hooks == good
    assert caught.value.path == str(path.parent / "bad.json")
    assert [diagnostic.path for diagnostic in caught.value.diagnostics] == [caught.value.path]
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.read_dir(path.parent / "missing")
    assert (caught.value.errno, caught.value.hooks) == (errno.ENOENT, {})


def test_validate(write: Write) -> None:
    hook = libhooks.read(write())
    for good in (hook, json.dumps(hook), json.dumps(hook).encode()):
        libhooks.validate(good)
    bad: Any = {**hook, "stages": ["precreate"]}
    libhooks.validate(bad, ["precreate"])
    with pytest.raises(libhooks.HooksError, match='unknown stage "precreate"'):
        libhooks.validate(bad)
    with pytest.raises(libhooks.HooksError, match="nil hook"):
        libhooks.validate("null")
    with pytest.raises(TypeError, match="^hook must be a mapping, or JSON as a str or bytes"):
        libhooks.validate(None)  # type: ignore[arg-type]
    with pytest.raises(libhooks.HooksError, match="invalid command"):
        libhooks.validate({**hook, "when": {"commands": ["("]}})


def test_when_match() -> None:
    when = {"annotations": {"^a$": "^b$"}, "hasBindMounts": True}
    assert libhooks.when_match(when, {}, {"a": "b"}, True) is True
    assert libhooks.when_match(when, {}, {"a": "b"}, False) is False
    assert libhooks.when_match(json.dumps(when), b"{}", {"a": "c"}, True) is False
    own = {"annotations": {"a": "b"}, "mounts": [{"type": "bind"}]}
    assert libhooks.when_match(when, own)
    assert not libhooks.when_match(when, own, {})
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.when_match({"commands": ["sh"]}, {"process": {}})
    assert (caught.value.kind, caught.value.status) == ("match", -6)
    with pytest.raises(libhooks.HooksError, match="error parsing regexp: missing closing"):
        libhooks.when_match({"commands": ["("]}, {"process": {"args": ["x"]}})
    with pytest.raises(TypeError, match="^when must be a mapping, or JSON as a str or bytes"):
        libhooks.when_match(None, {})  # type: ignore[arg-type]


def test_real_mistakes_are_found_at_their_positions(root: Path) -> None:
    mistakes = root / "tests/data/mistakes"
    names = sorted(path.name for path in mistakes.iterdir())
    manager = libhooks.Manager([mistakes], lenient=True)
    # The result must not depend on the modes and the owner of the checkout. Many of the small files
    # have no `env`, and run the same program.
    other = ("writable-by-others", "foreign-owner", "inherits-environment", "duplicate-hook")
    ours = [d for d in manager.diagnostics() if d.code not in other]
    found = {name: [d for d in ours if Path(d.path).name == name] for name in names}
    assert [name for name in names if not found[name]] == ["clean.json", "names-its-schema.json"]
    good = {hook.name for hook in manager.list().hooks}
    assert good == {name for name in names if all(d.severity != "error" for d in found[name])}
    (comma,) = found["missing-comma.json"]
    assert (comma.severity, comma.code, comma.line, comma.column) == ("error", "json-syntax", 4, 3)
    (key,) = found["misspelt-key.json"]
    assert (key.severity, key.code, key.line, key.column) == ("warning", "unknown-key", 3, 34)
    assert key.hint is not None
    assert 'did you mean "args"?' in key.hint
    executable, pattern = found["relative-path.json"]
    assert (executable.code, executable.errno) == ("relative-path", errno.ENOENT)
    assert (pattern.code, pattern.severity) == ("unanchored-pattern", "info")
    (condition,) = found["no-when.json"]
    assert (condition.line, condition.column, condition.errno) == (1, 1, None)
