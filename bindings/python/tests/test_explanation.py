"""`Manager.explain`: each kind of condition, near misses, and files that provide no hook."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import pickle
from pathlib import Path
from typing import Any, Optional

import pytest
from conftest import Write

import libhooks
from libhooks import _explanation, _ffi

DEBUG = {"^debug$": "^(on|all)$"}


def explain(path: Path, config: Any, *rest: Any) -> libhooks.HookVerdict:
    """Return the verdict of the only hook of a directory."""
    (verdict,) = libhooks.Manager([path.parent]).explain(config, *rest).hooks
    return verdict


def condition(path: Path, config: Any, *rest: Any) -> libhooks.Condition:
    """Return the result of the only condition."""
    (condition,) = explain(path, config, *rest).conditions
    return condition


def test_the_attributes_of_a_verdict(write: Write) -> None:
    path = write(when={"always": True, "hasBindMounts": True}, stages=["prestart", "poststop"])
    verdict = explain(path, {}, None, False)
    assert (verdict.name, verdict.path, verdict.verdict) == ("a.json", str(path), "no-match")
    assert (verdict.error, verdict.stages, verdict.any_of) == (
        None,
        ("prestart", "poststop"),
        False,
    )
    assert not verdict.matches
    assert explain(path, {}, None, True).matches
    always, bind_mounts = verdict.conditions
    assert always == libhooks.AlwaysCondition(
        "always", "holds", None, 1, always.column, False, value=True
    )
    assert isinstance(bind_mounts, libhooks.BindMountsCondition)
    assert (bind_mounts.kind, bind_mounts.outcome) == ("has-bind-mounts", "fails")
    assert (bind_mounts.value, bind_mounts.container) == (True, False)
    # The position in the file.
    text = path.read_text()
    for each, key in ((always, "always"), (bind_mounts, "hasBindMounts")):
        assert each.line == 1
        assert text[(each.column or 0) - 1 :].startswith(("true", f'"{key}"')), text[
            (each.column or 0) - 1 :
        ]


def test_one_condition_is_enough_for_version_0_1_0(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        '{"hook": "/bin/sh", "stages": ["poststop"],\n'
        '"cmds": ["^/bin/sh$"],\n'
        '"hasbindmounts": true}'
    )
    verdict = explain(path, {"process": {"args": ["sh"]}}, {}, True)
    assert (verdict.any_of, verdict.matches, verdict.stages) == (True, True, ("poststop",))
    assert [(each.kind, each.outcome, each.after_verdict) for each in verdict.conditions] == [
        ("has-bind-mounts", "holds", False),
        ("commands", "fails", True),
    ]


def test_an_annotation(write: Write) -> None:
    path = write(when={"annotations": DEBUG})
    matched = condition(path, {"annotations": {"debug": "on", "x": "y"}})
    assert isinstance(matched, libhooks.AnnotationCondition)
    assert (matched.outcome, matched.key_pattern, matched.value_pattern) == (
        "holds",
        "^debug$",
        "^(on|all)$",
    )
    assert matched.tried == 2
    assert (matched.matched, matched.nearest, matched.near_miss, matched.keys) == (
        libhooks.Annotation("debug", "on"),
        None,
        None,
        (),
    )
    other = condition(path, {"annotations": {"debug": "far"}})
    assert isinstance(other, libhooks.AnnotationCondition)
    assert (other.outcome, other.matched, other.near_miss) == ("fails", None, None)
    assert other.nearest == libhooks.Annotation("debug", "far")


def test_commands(write: Write) -> None:
    path = write(when={"commands": ["^sh$", "/true$"]})
    matched = condition(path, {"process": {"args": ["/bin/true", "x"]}})
    assert isinstance(matched, libhooks.CommandsCondition)
    assert (matched.kind, matched.outcome, matched.patterns) == (
        "commands",
        "holds",
        ("^sh$", "/true$"),
    )
    assert (matched.command, matched.matched, matched.near_miss) == ("/bin/true", "/true$", None)
    ignored = condition(path, {})
    assert isinstance(ignored, libhooks.CommandsCondition)
    assert (ignored.outcome, ignored.command, ignored.matched) == ("ignored", None, None)


def test_an_error_is_in_the_condition_the_verdict_and_the_explanation(write: Write) -> None:
    path = write(when={"commands": ["^sh$"]})
    explanation = libhooks.Manager([path.parent]).explain({"process": {"args": []}})
    (verdict,) = explanation.hooks
    (condition,) = verdict.conditions
    assert (verdict.verdict, verdict.matches, condition.outcome) == ("error", False, "error")
    assert verdict.error == condition.error == "process.args must have at least one entry"
    assert explanation.error == f'matching hook "a.json": {verdict.error}'


NEAR = [
    ("^sh$", "SH", ("case",), None),
    ("^sh$", "sh ", ("whitespace-in-text",), None),
    ("^sh $", "sh", ("whitespace-in-pattern",), None),
    ("^sh$", "/bin/sh", ("start",), "sh"),
    ("^/bin/sh$", "/bin/sh -c", ("end",), "/bin/sh"),
    ("^sh$", "/bin/sh -c", ("start", "end"), "sh"),
    ("^debug$", "debgu", ("spelling",), None),
]


@pytest.mark.parametrize(("pattern", "text", "obstacles", "part"), NEAR)
def test_near_misses(
    write: Write, pattern: str, text: str, obstacles: tuple[str, ...], part: Optional[str]
) -> None:
    def check(miss: Optional[libhooks.NearMiss]) -> None:
        assert miss is not None
        assert (miss.pattern, miss.text, miss.obstacles, miss.part) == (
            pattern,
            text,
            obstacles,
            part,
        )
        assert miss.message

    command = condition(write(when={"commands": ["^far$", pattern]}), {"process": {"args": [text]}})
    assert isinstance(command, libhooks.CommandsCondition)
    check(command.near_miss)
    key = condition(write(when={"annotations": {pattern: "."}}), {"annotations": {text: "x"}})
    assert isinstance(key, libhooks.AnnotationCondition)
    assert key.nearest is None
    check(key.near_miss)
    value = condition(write(when={"annotations": {"^k$": pattern}}), {"annotations": {"k": text}})
    assert isinstance(value, libhooks.AnnotationCondition)
    assert value.nearest == libhooks.Annotation("k", text)
    check(value.near_miss)


@pytest.mark.parametrize(
    ("pattern", "text", "obstacle", "word"),
    [
        ("^nginx$", "nginx", "other-word", 1),
        ("^-g$", "-g", "other-word", 2),
        ("nginx -g", "/docker-entrypoint.sh nginx -g", "command-line", None),
    ],
)
def test_a_pattern_of_another_word(
    write: Write, pattern: str, text: str, obstacle: str, word: Optional[int]
) -> None:
    path = write(when={"commands": [pattern]})
    verdict = explain(path, {"process": {"args": ["/docker-entrypoint.sh", "nginx", "-g"]}})
    (command,) = verdict.conditions
    assert isinstance(command, libhooks.CommandsCondition)
    miss = command.near_miss
    assert miss is not None
    assert (miss.pattern, miss.text, miss.obstacles, miss.part, miss.word) == (
        pattern,
        text,
        (obstacle,),
        None,
        word,
    )
    assert f"; {pattern}: {miss.message}" in str(verdict)


@pytest.mark.parametrize(
    ("pattern", "obstacles"),
    [
        (r"^io\\.example", ("doubled-backslash",)),
        ("^io.exmaple.key-1$", ("spelling",)),
        ("^far$", None),
    ],
)
def test_near_misses_of_keys(
    write: Write, pattern: str, obstacles: Optional[tuple[str, ...]]
) -> None:
    annotations = {f"io.example.key-{number}": "" for number in range(12)}
    path = write(when={"annotations": {pattern: "."}})
    key = condition(path, {"annotations": annotations})
    assert isinstance(key, libhooks.AnnotationCondition)
    assert (key.near_miss.obstacles if key.near_miss else None) == obstacles
    assert key.tried == 12
    assert key.keys == tuple(list(annotations)[:10])
    matched = condition(write(when={"annotations": {"key-1$": "."}}), {"annotations": annotations})
    assert isinstance(matched, libhooks.AnnotationCondition)
    assert matched.keys == ()


def test_the_diagnostics_of_a_hook_that_matches(write: Write, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.touch(0o644)
    path = write(hook={"path": str(program)})
    verdict = explain(path, {})
    [found] = [each for each in verdict.diagnostics if each.code == "not-executable"]
    assert (found.severity, found.path, found.line) == ("warning", str(path), 1)
    assert found in libhooks.Manager([path.parent]).diagnostics()
    lines = str(verdict).splitlines()
    assert f"  warning ({found.line}:{found.column}): {found.message} [not-executable]" in lines
    write(hook={"path": str(program)}, when={"always": False})
    assert explain(path, {}).diagnostics == ()


def test_masked_and_broken_files(write: Write) -> None:
    below, above = write(directory="below"), write(directory="above")
    instead = write("b.json", directory="below")
    bad = above.parent / "b.json"
    bad.write_text('{"version": "1.0.0",\n')
    manager = libhooks.Manager([below.parent, above.parent], lenient=True)
    explanation = manager.explain("{}")
    assert explanation.generation == manager.generation == manager.list().generation
    assert explanation.error is None
    assert [hook.path for hook in explanation.hooks] == [str(above), str(instead)]
    assert explanation.masked == (libhooks.MaskedHook(str(below), by=str(above)),)
    assert {(problem.code, problem.path) for problem in explanation.without_hook} == {
        ("json-unexpected-end", str(bad)),
        ("override-ineffective", str(bad)),
    }
    assert set(explanation.without_hook) <= set(manager.diagnostics())
    [ineffective] = [p for p in explanation.without_hook if p.code == "override-ineffective"]
    assert (ineffective.line, ineffective.column, ineffective.errno) == (None, None, None)


def test_strings_that_are_not_utf8(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path) + b"/\xff.json"
    Path(os.fsdecode(file)).write_text(
        '{"version": "1.0.0", "hook": {"path": "/bin/sh"}, '
        '"when": {"commands": ["^\\ufffd$"]}, "stages": ["poststop"]}'
    )
    verdict = explain(Path(os.fsdecode(file)), {"process": {"args": [os.fsdecode(b"\xff")]}})
    assert (os.fsencode(verdict.name), os.fsencode(verdict.path)) == (b"\xff.json", file)
    assert verdict.matches
    (command,) = verdict.conditions
    assert isinstance(command, libhooks.CommandsCondition)
    assert command.command == "\ufffd"
    str(verdict).encode()


def test_a_listed_hook_is_a_valid_argument(write: Write) -> None:
    path = write(when={"annotations": DEBUG})
    (listed,) = libhooks.Manager([path.parent]).list().hooks
    libhooks.validate(listed.hook)
    assert libhooks.when_match(listed.hook["when"], {"annotations": {"debug": "on"}})
    assert listed.hook == libhooks.read(path)


def test_a_verdict_as_a_str(write: Write) -> None:
    path = write(when={"annotations": DEBUG, "commands": ["^sh$"], "hasBindMounts": False})
    verdict = explain(
        path, {"process": {"args": ["/bin/sh\x1b"]}, "annotations": {"debug": "ON"}}, None, True
    )
    lines = str(verdict).splitlines()
    assert lines[0] == f"{path}: no-match"
    assert [line.split()[:2] for line in lines[1:]] == [
        ["fails", "hasBindMounts=False,"],
        ["fails", "annotation"],
        ["fails", "commands"],
    ]
    assert "; ^(on|all)$ nearly matches ON: it would match except for letter case" in lines[2]
    # Strings of a container cannot control the terminal.
    assert "'/bin/sh\\x1b'" in lines[3]
    path = write(when={"commands": ["^sh$"]})
    assert str(explain(path, {"process": {"args": []}})).endswith(
        ": process.args must have at least one entry"
    )


def test_explanations_are_immutable_and_can_be_pickled(write: Write) -> None:
    path = write(
        when={"annotations": DEBUG, "commands": ["^sh$"], "hasBindMounts": True, "always": False}
    )
    explanation = libhooks.Manager([path.parent]).explain({"process": {"args": ["SH"]}})
    verdict = explanation.hooks[0]
    for thing, name in (
        (explanation, "error"),
        (verdict, "verdict"),
        (verdict.conditions[0], "outcome"),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, name, "x")
    assert (
        len({explanation, copy.deepcopy(explanation), pickle.loads(pickle.dumps(explanation))}) == 1
    )


def test_new_members_of_a_newer_library_are_ignored(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(when={"commands": ["^sh$"]})
    manager = libhooks.Manager([path.parent])
    text = {"process": {"args": ["SH"]}}
    known, listing = manager.explain(text), manager.list()

    def more(value: Any) -> Any:
        """Add a member to each object."""
        if isinstance(value, dict):
            return {**{name: more(each) for name, each in value.items()}, "more": 1}
        return [more(each) for each in value] if isinstance(value, list) else value

    explains, lists = _ffi.Manager.explain, _ffi.Manager.list

    def explain_more(*arguments: Any) -> bytes:
        return json.dumps(more(json.loads(explains(*arguments)))).encode()

    monkeypatch.setattr(_ffi.Manager, "explain", explain_more)
    monkeypatch.setattr(
        _ffi.Manager,
        "list",
        lambda *arguments: json.dumps(more(json.loads(lists(*arguments)))).encode(),
    )
    assert manager.explain(text) == known
    assert manager.list().hooks[0].path == listing.hooks[0].path
    unknown = _explanation._condition(
        {"condition": "moon", "phase": "full", "outcome": "holds", "afterVerdict": False}
    )
    assert unknown == libhooks.Condition("moon", "holds", None, None, None, False)
    assert str(unknown) == "holds moon"
