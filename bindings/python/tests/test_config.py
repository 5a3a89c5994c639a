"""The argument and the result of `Manager.hooks`: nothing is lost or changed, and invalid values
are rejected.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from conftest import Write

import libhooks

# A parser and printer would change this: whitespace, number formats, escapes, duplicate keys,
# order.
TEXT = (
    '{ "z" : 1.0e+2,\r\n\t"a":-0, "big": 123456789012345678901234567890, '
    '"\\u0061\\/": "\\ud83d\\ude00é",  "x":{"y":1,"y":2} }'
)


@pytest.fixture
def manager(hooks_d: Path) -> libhooks.Manager:
    return libhooks.Manager([hooks_d])


def test_str_is_returned_byte_for_byte(manager: libhooks.Manager) -> None:
    added = '"hooks":{"createRuntime":[{"path":"/bin/sh","env":["A=b"]}]}'
    result = manager.hooks(TEXT)
    assert isinstance(result.config, str)
    assert result.config.replace("," + added, "") == TEXT
    assert added in result.config
    as_bytes = manager.hooks(TEXT.encode())
    assert as_bytes.config == result.config.encode()


def test_str_without_a_match_is_unchanged() -> None:
    with libhooks.Manager([]) as manager:
        assert manager.hooks(TEXT) == libhooks.Result(TEXT, {})
        assert manager.hooks(TEXT.encode()) == libhooks.Result(TEXT.encode(), {})


def test_a_dict_is_not_changed_and_its_values_are_the_same_objects(
    manager: libhooks.Manager,
) -> None:
    config: dict[str, Any] = {
        "z": [1, {"deep": (1, 2)}],
        "hooks": {"poststop": [{"path": "/x"}]},
        "big": 10**400,
        "float": 0.1 + 0.2,
        "minus": -0.0,
        "a": {},
    }
    before = repr(config)
    inner = config["hooks"]["poststop"]
    result = manager.hooks(config).config
    assert repr(config) == before
    assert list(result) == list(config)
    for key, value in config.items():
        if key != "hooks":
            assert result[key] is value
    assert result["hooks"] == {
        "poststop": [{"path": "/x"}],
        "createRuntime": [{"path": "/bin/sh", "env": ["A=b"]}],
    }
    # The new value shares nothing with the argument.
    assert result["hooks"]["poststop"] is not inner


def test_a_dict_without_a_match_is_copied() -> None:
    config = {"hooks": {"poststop": []}, "a": 1}
    with libhooks.Manager([]) as manager:
        result = manager.hooks(config).config
        assert result == config
        assert result is not config
        assert manager.hooks({}).config == {}


def test_existing_hooks_survive_the_conversion_to_json(manager: libhooks.Manager) -> None:
    there = {
        "path": "/x",
        "timeout": 10**30,
        "x-float": 0.1 + 0.2,
        "x-tiny": 5e-324,
        "x-text": "\udcff\0\u2028é",
    }
    result = manager.hooks({"hooks": {"createRuntime": [there]}}).config
    assert result["hooks"]["createRuntime"] == [there, {"path": "/bin/sh", "env": ["A=b"]}]


def test_any_mapping_is_accepted(manager: libhooks.Manager) -> None:
    inner = MappingProxyType({"args": ["/bin/sh"]})
    for config in (MappingProxyType({"process": inner}), OrderedDict(process=inner)):
        result = manager.hooks(config).config
        assert type(result) is dict
        assert result["process"] is inner
        assert "hooks" in result


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_are_rejected(manager: libhooks.Manager, number: float) -> None:
    for call in (manager.hooks, manager.explain):
        with pytest.raises(ValueError, match="^config: .*JSON"):
            call({"x": [number]})


@pytest.mark.parametrize(
    "config", [None, 1, True, ["{}"], b"{}".__iter__(), bytearray(b"{}"), Path("config.json")]
)
def test_a_config_of_a_wrong_type_is_rejected(manager: libhooks.Manager, config: Any) -> None:
    for call in (manager.hooks, manager.explain, lambda config: libhooks.when_match({}, config)):
        with pytest.raises(
            TypeError, match=r"^config must be a mapping, or JSON as a str or bytes"
        ):
            call(config)


@pytest.mark.parametrize("value", [b"x", {1}, object(), {b"k": 1}])
def test_values_that_json_lacks_are_rejected(manager: libhooks.Manager, value: Any) -> None:
    with pytest.raises(TypeError, match="^config: "):
        manager.hooks({"x": value})


def test_a_dict_that_contains_itself_is_rejected(manager: libhooks.Manager) -> None:
    config: dict[str, Any] = {}
    config["x"] = config
    with pytest.raises(ValueError, match="^config: Circular"):
        manager.hooks(config)


def test_a_nul_is_rejected(manager: libhooks.Manager) -> None:
    for text in ("{}\0", b"{}\0", "{}\0{", "\0{}"):
        with pytest.raises(ValueError, match="^config contains a NUL"):
            manager.hooks(text)
        with pytest.raises(ValueError, match="^hook contains a NUL"):
            libhooks.validate(text)


def test_str_and_bytes_must_be_utf8(manager: libhooks.Manager) -> None:
    with pytest.raises(ValueError, match="^config cannot be encoded as UTF-8"):
        manager.hooks('{"a": "\udcff"}')
    with pytest.raises(libhooks.HooksError) as caught:
        manager.hooks(b'{"a": "\xff"}')
    assert (caught.value.kind, caught.value.code, caught.value.status) == ("utf8", "not-utf8", -2)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"hooks": 1}', '{"Process": {}}'])
def test_json_that_is_not_a_config_is_an_error(manager: libhooks.Manager, text: str) -> None:
    with pytest.raises(libhooks.HooksError) as caught:
        manager.hooks(text)
    assert caught.value.kind == "json"
    assert caught.value.line == 1


def test_surrogates_in_a_mapping_count_as_replacement_characters(write: Write) -> None:
    # os.fsdecode converts a byte that is not UTF-8 to such a surrogate, and Podman treats that byte
    # as a replacement character.
    path = write(when={"annotations": {"^k\ufffd$": "^\ufffd\ufffd$"}})
    manager = libhooks.Manager([path.parent])
    annotations = {"k\udcff": "\udc80\udcfe"}
    assert "hooks" in manager.hooks({}, annotations).config
    assert "hooks" in manager.hooks("{}", annotations).config
    assert libhooks.when_match({"annotations": {"^k": "^\ufffd\ufffd$"}}, {}, annotations)
    config = {"annotations": annotations}
    result = manager.hooks(config).config
    assert "hooks" in result
    assert result["annotations"] == {"k\udcff": "\udc80\udcfe"}
    with pytest.raises(libhooks.HooksError) as caught:
        manager.hooks({}, dict.fromkeys(["\udcff", "\udcfe"], "a"))
    assert caught.value.code == "duplicate-key"


def test_injecting_again_appends_again(manager: libhooks.Manager) -> None:
    once = manager.hooks({}).config
    twice = manager.hooks(once).config
    assert len(once["hooks"]["createRuntime"]) == 1
    assert len(twice["hooks"]["createRuntime"]) == 2
    assert json.loads(manager.hooks(manager.hooks("{}").config).config) == twice
