"""The explanation: each hook's verdict for a container, with the result of each condition."""

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
    """A pattern that nearly matches a string, with the reasons why it does not match.

    Attributes:
        pattern: the pattern.
        text: the string: the value or the key of an annotation, or the command. With
            ``"other-word"`` it is the word that the pattern matches, with ``"command-line"`` the
            whole command line.
        obstacles: the reasons; without them the pattern would match: ``"case"``,
            ``"whitespace-in-text"`` or ``"whitespace-in-pattern"`` (leading or trailing),
            ``"start"`` (``^``), ``"end"`` (``$``), ``"spelling"`` (one or two letters), and
            ``"doubled-backslash"`` (the pattern has backslashes that are escaped twice). Two are
            for the command: ``"other-word"`` (the pattern matches another word of ``process.args``
            than the first) and ``"command-line"`` (it matches all words, joined by spaces). New
            ones may be added.
        part: the part of the string that the pattern would match, if ``"start"`` or ``"end"`` is an
            obstacle; otherwise None.
        word: the index in ``process.args`` of the word that the pattern matches, if
            ``"other-word"`` is an obstacle; otherwise None.
        message: the obstacles described in a sentence.
    """

    pattern: str
    text: str
    obstacles: tuple[str, ...]
    part: Optional[str]
    word: Optional[int]
    message: str


@dataclass(frozen=True)
class Condition:
    """The result of one condition of a hook.

    Each instance is of a subclass, which has the details: `AlwaysCondition`, `BindMountsCondition`,
    `AnnotationCondition` or `CommandsCondition`. New kinds may be added; one that this package does
    not know is a plain `Condition`.

    Attributes:
        kind: ``"always"``, ``"has-bind-mounts"``, ``"annotation"`` or ``"commands"``.
        outcome: ``"holds"``, ``"fails"``, ``"ignored"`` (commands, and the container has no
            process) or ``"error"``.
        error: the error message if the outcome is ``"error"``, or None.
        line: the line in the hook file, from 1: of the pattern that matched or nearly matched,
            otherwise of the first pattern; or None.
        column: the column in bytes, from 1.
        after_verdict: whether earlier conditions had already decided the verdict, so this condition
            is only for information.
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
        value: the value in the hook file.
    """

    value: bool

    def _what(self) -> str:
        return f"always={self.value}"


@dataclass(frozen=True)
class BindMountsCondition(Condition):
    """The condition ``hasBindMounts``.

    Attributes:
        value: the value in the hook file.
        container: whether the container has bind mounts.
    """

    value: bool
    container: bool

    def _what(self) -> str:
        return f"hasBindMounts={self.value}, container: {self.container}"


@dataclass(frozen=True)
class AnnotationCondition(Condition):
    """One entry of the condition ``annotations``.

    Attributes:
        key_pattern: the pattern for the key.
        value_pattern: the pattern for the value.
        tried: the number of annotations of the container.
        keys: the keys of the container's annotations, up to ten of them, in the first condition of
            a hook for which no key matches.
        matched: the annotation that matched, or None.
        nearest: an annotation whose key matched but whose value did not, or None.
        near_miss: why the value of ``nearest`` does not match; or, if no key matched, a key that
            nearly matches.
    """

    key_pattern: str
    value_pattern: str
    tried: int
    keys: tuple[str, ...]
    matched: Optional[Annotation]
    nearest: Optional[Annotation]
    near_miss: Optional[NearMiss]

    def _what(self) -> str:
        what = f"annotation {_printable(self.key_pattern)} = {_printable(self.value_pattern)}"
        found = self.matched or self.nearest
        if found is not None:
            what += f", container: {_printable(found.key)} = {_printable(found.value)}"
        return what + _nearly(self.near_miss)


@dataclass(frozen=True)
class CommandsCondition(Condition):
    """The condition ``commands``.

    Attributes:
        patterns: the patterns.
        command: ``process.args[0]``, or None.
        matched: the pattern that matched, or None.
        near_miss: a pattern that nearly matches, or None.
    """

    patterns: tuple[str, ...]
    command: Optional[str]
    matched: Optional[str]
    near_miss: Optional[NearMiss]

    def _what(self) -> str:
        what = f"commands {', '.join(map(_printable, self.patterns))}"
        if self.command is not None:
            what += f", container: {_printable(self.command)}"
        return what + _nearly(self.near_miss)


@dataclass(frozen=True)
class HookVerdict:
    """Whether a hook matches a container, and why.

    ``str(verdict)`` has one line for the verdict, and one for each diagnostic and each condition.

    Attributes:
        name: the name of the hook file, in the form of `os.fsdecode`.
        path: the path of the hook file.
        verdict: ``"match"``, ``"no-match"`` or ``"error"``.
        error: the error of the evaluation, or None.
        stages: the stages of the hook, as written in its file.
        any_of: whether one true condition is enough (version 0.1.0), instead of all.
        conditions: the results of the conditions, in the order of evaluation.
        diagnostics: the diagnostics of the hook with severity ``"error"`` or ``"warning"``, for
            example that its program is not executable. Empty unless the hook matches.
    """

    name: str
    path: str
    verdict: str
    error: Optional[str]
    stages: tuple[str, ...]
    any_of: bool
    conditions: tuple[Condition, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def matches(self) -> bool:
        """Whether the verdict is ``"match"``."""
        return self.verdict == "match"

    def __str__(self) -> str:
        below = (*map(_problem, self.diagnostics), *self.conditions)
        return "\n".join(
            [f"{_printable(self.path)}: {self.verdict}", *(f"  {each}" for each in below)]
        )

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> HookVerdict:
        """Build an instance from the library's JSON."""
        path = path_of(data, "path") or ""
        return cls(
            name=os.path.basename(path),
            path=path,
            verdict=data["verdict"],
            error=data.get("error"),
            stages=tuple(data["stages"]),
            any_of=data["anyOf"],
            conditions=tuple(map(_condition, data["conditions"])),
            diagnostics=tuple(map(Diagnostic._of, data.get("diagnostics", ()))),
        )


@dataclass(frozen=True)
class Explanation:
    """The result of `Manager.explain`.

    Attributes:
        generation: the generation number of the set of hooks.
        error: the error that `Manager.hooks` raises for this container, or None.
        hooks: the verdicts of all hooks, in the order of injection.
        masked: the hooks that were not evaluated, since other files mask them.
        without_hook: why files provide no hook: the first error of each file, and dangling symbolic
            links (``"dangling-link"``). It also has files that do not mask the hook with the same
            name in an earlier directory (``"override-ineffective"``).
    """

    generation: int
    error: Optional[str]
    hooks: tuple[HookVerdict, ...]
    masked: tuple[MaskedHook, ...]
    without_hook: tuple[Diagnostic, ...]

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Explanation:
        """Build an instance from the library's JSON."""
        return cls(
            generation=data["generation"],
            error=data["error"],
            hooks=tuple(map(HookVerdict._of, data["hooks"])),
            masked=tuple(map(MaskedHook._of, data["masked"])),
            without_hook=tuple(map(Diagnostic._of, data["withoutHook"])),
        )


def _condition(data: Mapping[str, Any]) -> Condition:
    """Build an instance of the right class from the library's JSON."""
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
            keys=tuple(data.get("keys", ())),
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
        word=data.get("word"),
        message=data["message"],
    )


def _nearly(miss: Optional[NearMiss]) -> str:
    if miss is None:
        return ""
    pattern, text, message = map(_printable, (miss.pattern, miss.text, miss.message))
    if "other-word" in miss.obstacles or "command-line" in miss.obstacles:
        return f"; {pattern}: {message}"
    return f"; {pattern} nearly matches {text}: {message}"


def _problem(diagnostic: Diagnostic) -> str:
    place = f" ({diagnostic.line}:{diagnostic.column})" if diagnostic.line is not None else ""
    return f"{diagnostic.severity}{place}: {_printable(diagnostic.message)} [{diagnostic.code}]"


def _printable(text: str) -> str:
    """Return the string, escaped if it contains characters that are not printable.

    Strings from files and containers may control a terminal, or may not exist in its encoding.
    """
    return text if text.isprintable() else ascii(text)
