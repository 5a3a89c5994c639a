"""Arguments of a wrong type or form are rejected by name, before the library gets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import libhooks

MANAGER: Any = libhooks.Manager


@pytest.mark.parametrize("value", ["/etc", b"/etc", Path("/etc"), 1])
def test_a_single_directory_is_rejected(value: Any) -> None:
    with pytest.raises(TypeError, match="^directories must be an iterable of paths"):
        MANAGER(value)


@pytest.mark.parametrize("value", [None, 1, ["/etc"], object()])
def test_a_path_of_a_wrong_type(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^directories\[1\] must be a str, bytes or os.PathLike"):
        MANAGER(["/etc", value])
    for function in (libhooks.read, libhooks.read_dir):
        with pytest.raises(TypeError, match="^path must be a str, bytes or os.PathLike"):
            function(value)


@pytest.mark.parametrize("value", ["a\0b", b"a\0b", Path("a\0b")])
def test_a_path_with_a_nul(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^directories\[0\] contains a NUL"):
        MANAGER([value])
    for function in (libhooks.read, libhooks.read_dir):
        with pytest.raises(ValueError, match="^path contains a NUL"):
            function(value)


def test_a_path_that_cannot_be_encoded() -> None:
    with pytest.raises(ValueError, match=r"^directories\[0\] is not a path: .*surrogates"):
        MANAGER(["\ud800"])


STAGES = [
    lambda stages: MANAGER([], stages),
    lambda stages: libhooks.read("/missing.json", stages),
    lambda stages: libhooks.read_dir("/missing", stages),
    lambda stages: libhooks.validate("null", stages),
]


@pytest.mark.parametrize("call", STAGES)
def test_stages_are_an_iterable_of_str(call: Any) -> None:
    for alone in ("precreate", b"precreate", 1, None):
        with pytest.raises(TypeError, match="^extension_stages must be an iterable of stages"):
            call(alone)
    for wrong in (b"precreate", None, 1):
        with pytest.raises(TypeError, match=r"^extension_stages\[1\] must be a str"):
            call(["a", wrong])
    with pytest.raises(ValueError, match=r"^extension_stages\[0\] contains a NUL"):
        call(["a\0"])
    with pytest.raises(ValueError, match=r"^extension_stages\[0\] cannot be encoded as UTF-8"):
        call(["\udcff"])


CONTAINERS = [
    lambda *arguments: MANAGER([]).hooks("{}", *arguments),
    lambda *arguments: MANAGER([]).hooks({}, *arguments),
    lambda *arguments: MANAGER([]).explain("{}", *arguments),
    lambda *arguments: libhooks.when_match({}, {}, *arguments),
]


@pytest.mark.parametrize("call", CONTAINERS)
def test_annotations_are_a_mapping_of_str(call: Any) -> None:
    for wrong in ("{}", b"{}", [("a", "b")], 1, {"a"}):
        with pytest.raises(TypeError, match="^annotations must be a mapping of str to str"):
            call(wrong)
    value: object
    for value in (None, 1, True, b"x", ["x"], {}):
        with pytest.raises(TypeError, match=r"^annotations\['a'\] must be a str"):
            call({"a": value})
    for key in (None, 1, b"a"):
        with pytest.raises(TypeError, match="^annotations: the key .* must be a str"):
            call({key: "x"})


@pytest.mark.parametrize("call", CONTAINERS)
def test_has_bind_mounts_is_a_bool_or_none(call: Any) -> None:
    wrong: object
    for wrong in (0, 1, -1, "yes", []):
        with pytest.raises(TypeError, match="^has_bind_mounts must be a bool or None"):
            call(None, wrong)
    for right in (True, False, None):
        call(None, right)


def test_annotations_are_any_str(tmp_path: Path) -> None:
    for text in ("", "é", "a\0b", '"\\', "\n", "\U0001f600", "x" * 100_000):
        (tmp_path / "x").mkdir(exist_ok=True)
        when = {"annotations": {"^k$": r"^(?s:.*)$"}}
        assert libhooks.when_match(when, {}, {"k": text})
        assert not libhooks.when_match(when, {}, {"other": text})
        assert MANAGER([]).hooks({}, {text: text}).config == {}
