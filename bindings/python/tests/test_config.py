"""What goes into `Manager.hooks` and what comes out: nothing is lost, nothing is changed, nothing
is let through."""

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

# What a parser and a printer would change: white space, the forms of numbers, escapes, doubled
# keys, the order.
TEXT = (
    '{ "z" : 1.0e+2,\r\n\t"a":-0, "big": 123456789012345678901234567890, '
    '"\\u0061\\/": "\\ud83d\\ude00é",  "x":{"y":1,"y":2} }'
)


@pytest.fixture
def manager(hooks_d: Path) -> libhooks.Manager:
    return libhooks.Manager([hooks_d])


def test_text_comes_out_byte_for_byte(manager: libhooks.Manager) -> None:
    added = '"hooks":{"createRuntime":[{"path":"/bin/sh"}]}'
    result = manager.hooks(TEXT)
    assert isinstance(result.config, str)
    assert result.config.replace("," + added, "") == TEXT
    assert added in result.config
    as_bytes = manager.hooks(TEXT.encode())
    assert as_bytes.config == result.config.encode()


def test_text_without_a_match_is_what_went_in() -> None:
    with libhooks.Manager([]) as manager:
        assert manager.hooks(TEXT) == libhooks.Result(TEXT, {})
        assert manager.hooks(TEXT.encode()) == libhooks.Result(TEXT.encode(), {})


def test_a_dict_is_not_changed_and_its_values_are_the_same_objects(manager: libhooks.Manager) -> None:
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
    assert result["hooks"] == {"poststop": [{"path": "/x"}], "createRuntime": [{"path": "/bin/sh"}]}
    # What is new is not shared with what was given.
    assert result["hooks"]["poststop"] is not inner


def test_a_dict_without_a_match_comes_back_as_a_copy() -> None:
    config = {"hooks": {"poststop": []}, "a": 1}
    with libhooks.Manager([]) as manager:
        result = manager.hooks(config).config
        assert result == config
        assert result is not config
        assert manager.hooks({}).config == {}


def test_hooks_that_are_there_survive_the_way_through_json(manager: libhooks.Manager) -> None:
    there = {"path": "/x", "timeout": 10**30, "x-float": 0.1 + 0.2, "x-tiny": 5e-324, "x-text": "\udcff\0\u2028é"}
    result = manager.hooks({"hooks": {"createRuntime": [there]}}).config
    assert result["hooks"]["createRuntime"] == [there, {"path": "/bin/sh"}]


def test_any_mapping_will_do(manager: libhooks.Manager) -> None:
    inner = MappingProxyType({"args": ["/bin/sh"]})
    for config in (MappingProxyType({"process": inner}), OrderedDict(process=inner)):
        result = manager.hooks(config).config
        assert type(result) is dict
        assert result["process"] is inner
        assert "hooks" in result


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_json_number_is_refused(manager: libhooks.Manager, number: float) -> None:
    for call in (manager.hooks, manager.explain):
        with pytest.raises(ValueError, match="^config: .*JSON"):
            call({"x": [number]})


@pytest.mark.parametrize("config", [None, 1, True, ["{}"], b"{}".__iter__(), bytearray(b"{}"), Path("config.json")])
def test_a_config_of_another_type_is_refused(manager: libhooks.Manager, config: Any) -> None:
    for call in (manager.hooks, manager.explain, lambda config: libhooks.when_match({}, config)):
        with pytest.raises(TypeError, match=r"^config must be a mapping, or JSON text"):
            call(config)


@pytest.mark.parametrize("value", [b"x", {1}, object(), {b"k": 1}])
def test_what_json_cannot_hold_is_refused(manager: libhooks.Manager, value: Any) -> None:
    with pytest.raises(TypeError, match="^config: "):
        manager.hooks({"x": value})


def test_a_dict_that_holds_itself_is_refused(manager: libhooks.Manager) -> None:
    config: dict[str, Any] = {}
    config["x"] = config
    with pytest.raises(ValueError, match="^config: Circular"):
        manager.hooks(config)


def test_a_nul_does_not_cut_a_text_short(manager: libhooks.Manager) -> None:
    for text in ("{}\0", b"{}\0", "{}\0{", "\0{}"):
        with pytest.raises(ValueError, match="^config has a NUL in it"):
            manager.hooks(text)
        with pytest.raises(ValueError, match="^hook has a NUL in it"):
            libhooks.validate(text)


def test_text_must_be_utf8(manager: libhooks.Manager) -> None:
    with pytest.raises(ValueError, match="^config has no form in UTF-8"):
        manager.hooks('{"a": "\udcff"}')
    with pytest.raises(libhooks.HooksError) as caught:
        manager.hooks(b'{"a": "\xff"}')
    assert (caught.value.kind, caught.value.code, caught.value.status) == ("utf8", "not-utf8", -2)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"hooks": 1}', '{"Process": {}}'])
def test_text_that_is_no_config_is_an_error(manager: libhooks.Manager, text: str) -> None:
    with pytest.raises(libhooks.HooksError) as caught:
        manager.hooks(text)
    assert caught.value.kind == "json"
    assert caught.value.line == 1


def test_surrogates_in_data_count_as_replacement_characters(write: Write) -> None:
    # As a byte that is not UTF-8 does for Podman, which is what os.fsdecode makes such a surrogate
    # of.
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
