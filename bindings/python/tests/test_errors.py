"""The attributes of errors, and copies of errors."""

from __future__ import annotations

import copy
import dataclasses
import errno
import pickle
from pathlib import Path

import pytest
from conftest import Write

import libhooks


@pytest.fixture
def error(write: Write) -> libhooks.HooksError:
    """The error of a manager whose directory has a bad file and a file with a warning."""
    path = write()
    write("no-path.json", hook={"path": "/missing/\udcff"})
    (path.parent / "bad.json").write_text('{"version": "1.0.0",\n "stages": 1}')
    write("warned.json", when={})
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.Manager([path.parent])
    return caught.value


# A hook without `env`.
INFO = {"inherits-environment"}


def test_the_attributes_of_an_error(error: libhooks.HooksError, tmp_path: Path) -> None:
    bad = str(tmp_path / "hooks.d/bad.json")
    assert str(error) == error.message == error.args[0]
    assert bad in str(error)
    assert (error.kind, error.code, error.status) == ("hook-file", "json-type", -5)
    assert (error.path, error.line, error.column) == (bad, 2, 12)
    assert (error.errno, error.hook, error.hooks) == (None, None, {})
    by_code = {diagnostic.code: diagnostic for diagnostic in error.diagnostics}
    assert set(by_code) == {"json-type", "missing-executable", "never-matches", *INFO}
    assert by_code["json-type"].severity == "error"
    assert (by_code["json-type"].line, by_code["json-type"].column) == (2, 12)
    assert by_code["missing-executable"].errno == errno.ENOENT
    assert by_code["never-matches"].severity == "warning"


def test_likely_mistakes_have_codes_and_hints(write: Write) -> None:
    path = write(
        hook={"path": "/bin/sh", "args": ["-c", "true"]},
        stages=["createContainer"],
        when={"always": True, "images": ["x"]},
    )
    found = {each.code: each for each in libhooks.Manager([path.parent]).diagnostics()}
    assert found["args-without-name"].hint == 'write "args": ["sh","-c","true"]'
    assert found["args-without-name"].cause == "option-as-name"
    assert found["inherits-container-environment"].severity == "warning"
    assert "no such condition" in str(found["unknown-condition"].hint)


def test_the_error_of_a_match_names_the_hook(write: Write) -> None:
    path = write(when={"commands": ["sh"]})
    manager = libhooks.Manager([path.parent])
    with pytest.raises(libhooks.HooksError) as caught:
        manager.hooks({"process": {"args": []}})
    assert (caught.value.kind, caught.value.status, caught.value.hook) == ("match", -6, "a.json")
    assert str(caught.value) == 'matching hook "a.json": process.args must have at least one entry'
    assert manager.explain({"process": {"args": []}}).error == str(caught.value)


def test_a_nul_does_not_truncate_a_message(write: Write) -> None:
    path = write(stages=["a\0b"])
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.Manager([path.parent])
    assert str(caught.value).endswith('unknown stage "a\\x00b"')


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_can_be_pickled(error: libhooks.HooksError, protocol: int) -> None:
    same(pickle.loads(pickle.dumps(error, protocol)), error)


def test_an_error_can_be_copied(error: libhooks.HooksError) -> None:
    same(copy.copy(error), error)
    same(copy.deepcopy(error), error)


def same(one: BaseException, other: BaseException) -> None:
    """Check that both are the same error with the same attributes."""
    assert type(one) is type(other) is libhooks.HooksError
    assert one is not other
    assert one.args == other.args
    assert str(one) == str(other)
    data = {name: value for name, value in vars(other).items() if not name.startswith("__")}
    assert len(data) == 13
    assert {name: vars(one)[name] for name in data} == data


def test_tracebacks_name_the_public_class(error: libhooks.HooksError) -> None:
    assert f"{type(error).__module__}.{type(error).__qualname__}" == "libhooks.HooksError"


def test_a_diagnostic_does_not_change(error: libhooks.HooksError) -> None:
    diagnostic = error.diagnostics[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        diagnostic.line = 3  # type: ignore[misc]
    assert len({diagnostic, dataclasses.replace(diagnostic)}) == 1
