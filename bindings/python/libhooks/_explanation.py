"""The explanation: each hook's verdict on a container, condition by condition."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ._diagnostic import Diagnostic, path_of
from ._listing import MaskedHook


@dataclass(frozen=True)
class Annotation:
    """An annotation of a container."""

    key: str
    value: str


@dataclass(frozen=True)
class NearMiss:
    """A pattern that nearly matches a text, and what stands in its way.

    Attributes:
        pattern: the pattern. text: the text: the value or the key of an annotation, or the command.
        obstacles: what stands in its way, without which it would match: ``"case"``,
        ``"whitespace-in-text"`` or
            ``"whitespace-in-pattern"`` (at an end of it), ``"start"`` (``^``), ``"end"`` (``$``),
            or ``"spelling"`` (a letter or two). There may come more.
        part: a part of the text that the pattern would match, where its begin or end is in the way;
        else None. message: the same in words.
    """

    pattern: str
    text: str
    obstacles: tuple[str, ...]
    part: Optional[str]
    message: str


@dataclass(frozen=True)
class Condition:
    """What a condition of a hook came to. Each is one of the classes below it, which say what it
    looked at: `AlwaysCondition`, `BindMountsCondition`, `AnnotationCondition`, `CommandsCondition`.
    There may come more; one that this package does not know is a mere `Condition`.

    Attributes:
        kind: ``"always"``, ``"has-bind-mounts"``, ``"annotation"`` or ``"commands"``. outcome:
        ``"holds"``, ``"fails"``, ``"ignored"`` (commands, and the container has no process) or
        ``"error"``. error: the text of an ``"error"``, else None. line: where the file has it: the
        pattern that matched or nearly did, else the first; from 1. column: the column in bytes,
        from 1. after_verdict: the conditions before it had settled the verdict; it is told for
        information.
    """

    kind: str
    outcome: str
    error: Optional[str]
    line: Optional[int]
    column: Optional[int]
    after_verdict: bool

    def __str__(self) -> str:
        place = f" ({self.line}:{self.column})" if self.line is not None else ""
        why = f": {_printable(self.error)}" if self.error is not None else ""
        return f"{self.outcome} {self._what()}{place}{why}"

    def _what(self) -> str:
        return self.kind


@dataclass(frozen=True)
class AlwaysCondition(Condition):
    """The condition ``always``.

    Attributes:
        value: what the hook says.
    """

    value: bool

    def _what(self) -> str:
        return f"always={self.value}"


@dataclass(frozen=True)
class BindMountsCondition(Condition):
    """The condition ``hasBindMounts``.

    Attributes:
        value: what the hook says.
        container: whether the container has bind mounts.
    """

    value: bool
    container: bool

    def _what(self) -> str:
        return f"hasBindMounts={self.value}, the container's: {self.container}"


@dataclass(frozen=True)
class AnnotationCondition(Condition):
    """One entry of the condition ``annotations``.

    Attributes:
        key_pattern: the pattern of the key. value_pattern: the pattern of the value. tried: how
        many annotations the container has. matched: the one that matched, or None. nearest: one
        whose key matched, but not its value, or None. near_miss: what keeps the value of
        ``nearest`` from matching; or, where no key matched, a key that nearly does.
    """

    key_pattern: str
    value_pattern: str
    tried: int
    matched: Optional[Annotation]
    nearest: Optional[Annotation]
    near_miss: Optional[NearMiss]

    def _what(self) -> str:
        what = f"annotation {_printable(self.key_pattern)} = {_printable(self.value_pattern)}"
        found = self.matched or self.nearest
        if found is not None:
            what += f", the container's: {_printable(found.key)} = {_printable(found.value)}"
        return what + _nearly(self.near_miss)


@dataclass(frozen=True)
class CommandsCondition(Condition):
    """The condition ``commands``.

    Attributes:
        patterns: the patterns.
        command: ``process.args[0]``, or None.
        matched: the pattern that matched, or None.
        near_miss: what keeps one that nearly matches from matching, or None.
    """

    patterns: tuple[str, ...]
    command: Optional[str]
    matched: Optional[str]
    near_miss: Optional[NearMiss]

    def _what(self) -> str:
        what = f"commands {', '.join(map(_printable, self.patterns))}"
        if self.command is not None:
            what += f", the container's: {_printable(self.command)}"
        return what + _nearly(self.near_miss)


@dataclass(frozen=True)
class HookVerdict:
    """Whether a hook is for a container, and why. ``str(verdict)`` says it in a line, and one for
    each condition.

    Attributes:
        name: the name of its file, as `os.fsdecode` gives it.
        path: its file.
        verdict: ``"match"``, ``"no-match"`` or ``"error"``.
        error: why it could not be told, or None.
        stages: its stages, as its file has them.
        any_of: whether one condition that holds is enough (version 0.1.0), instead of all.
        conditions: what each condition came to, in the order in which they are tried.
    """

    name: str
    path: str
    verdict: str
    error: Optional[str]
    stages: tuple[str, ...]
    any_of: bool
    conditions: tuple[Condition, ...]

    @property
    def matches(self) -> bool:
        """Whether it is ``"match"``."""
        return self.verdict == "match"

    def __str__(self) -> str:
        return "\n".join([f"{_printable(self.path)}: {self.verdict}", *(f"  {each}" for each in self.conditions)])

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> HookVerdict:
        """That which the library describes as this JSON object."""
        path = path_of(data, "path") or ""
        return cls(
            name=os.path.basename(path),
            path=path,
            verdict=data["verdict"],
            error=data.get("error"),
            stages=tuple(data["stages"]),
            any_of=data["anyOf"],
            conditions=tuple(map(_condition, data["conditions"])),
        )


@dataclass(frozen=True)
class Explanation:
    """What `Manager.explain` gives.

    Attributes:
        generation: which set of hooks was asked. error: what `Manager.hooks` fails with for this
        container, or None. hooks: the verdict of each, in the order of injection. masked: hooks
        that were not asked, since others hide them. without_hook: why files give no hook: of each
        its first error, or that it is a link that leads nowhere
            (``"dangling-link"``); also (``"override-ineffective"``) that it does not mask the hook
            of its name in an earlier directory.
    """

    generation: int
    error: Optional[str]
    hooks: tuple[HookVerdict, ...]
    masked: tuple[MaskedHook, ...]
    without_hook: tuple[Diagnostic, ...]

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Explanation:
        """That which the library describes as this JSON object."""
        return cls(
            generation=data["generation"],
            error=data["error"],
            hooks=tuple(map(HookVerdict._of, data["hooks"])),
            masked=tuple(map(MaskedHook._of, data["masked"])),
            without_hook=tuple(map(Diagnostic._of, data["withoutHook"])),
        )


def _condition(data: Mapping[str, Any]) -> Condition:
    """That which the library describes as this JSON object."""
    common = {
        "kind": data["condition"],
        "outcome": data["outcome"],
        "error": data.get("error"),
        "line": data.get("line"),
        "column": data.get("column"),
        "after_verdict": data["afterVerdict"],
    }
    if data["condition"] == "always":
        return AlwaysCondition(**common, value=data["value"])
    if data["condition"] == "has-bind-mounts":
        return BindMountsCondition(**common, value=data["value"], container=data["container"])
    if data["condition"] == "annotation":
        return AnnotationCondition(
            **common,
            key_pattern=data["keyPattern"],
            value_pattern=data["valuePattern"],
            tried=data["tried"],
            matched=_annotation(data["matched"]),
            nearest=_annotation(data["nearest"]),
            near_miss=_near_miss(data["nearMiss"]),
        )
    if data["condition"] == "commands":
        return CommandsCondition(
            **common,
            patterns=tuple(data["patterns"]),
            command=data["command"],
            matched=data["matched"],
            near_miss=_near_miss(data["nearMiss"]),
        )
    return Condition(**common)


def _annotation(data: Optional[Mapping[str, Any]]) -> Optional[Annotation]:
    return None if data is None else Annotation(key=data["key"], value=data["value"])


def _near_miss(data: Optional[Mapping[str, Any]]) -> Optional[NearMiss]:
    if data is None:
        return None
    return NearMiss(
        pattern=data["pattern"],
        text=data["text"],
        obstacles=tuple(data["obstacles"]),
        part=data["part"],
        message=data["message"],
    )


def _nearly(miss: Optional[NearMiss]) -> str:
    return (
        ""
        if miss is None
        else f"; {_printable(miss.pattern)} nearly matches {_printable(miss.text)}: {_printable(miss.message)}"
    )


def _printable(text: str) -> str:
    """Text of files and containers, which may do things to a terminal, or have no form in its
    encoding."""
    return text if text.isprintable() else ascii(text)
