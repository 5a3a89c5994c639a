"""The shapes of the JSON that comes out. Members may be added to each; none goes or changes its meaning."""

from __future__ import annotations

from typing import Optional, TypedDict, Union

from ._errors import Diagnostic


class _OCIHook(TypedDict):
    path: str


class OCIHook(_OCIHook, total=False):
    """A hook as the OCI runtime specification has it: what is run. The timeout is in seconds."""

    args: list[str]
    env: list[str]
    timeout: int


# By calls, since "hasBindMounts" and "or" are the names in the files, and the latter is no name in Python.
When = TypedDict(
    "When",
    {
        "always": bool,
        "hasBindMounts": bool,
        "annotations": dict[str, str],
        "commands": list[str],
        "or": bool,
    },
    total=False,
)
When.__doc__ = """The conditions of a hook. ``"or": True`` says that one that holds is enough, as in version 0.1.0."""


class Hook(TypedDict):
    """A hook file, in the form of version 1.0.0 whatever the file's is."""

    version: str
    hook: OCIHook
    when: When
    stages: list[str]


class FilePath(TypedDict):
    """A file, by its path as `os.fsdecode` gives it."""

    path: str


class MaskedHook(FilePath):
    """A hook file that another, of a later directory, hides."""

    by: str


class ListedHook(FilePath):
    """A hook and where it comes from: ``name`` is that of its file, ``masks`` are the files of earlier directories that
    it hides, ``injected`` the members of ``config["hooks"]`` that it is added to, ``extensionStages`` those stages at
    which the caller runs it."""

    name: str
    masks: list[FilePath]
    hook: Hook
    injected: list[str]
    extensionStages: list[str]


class Listing(TypedDict):
    """What `Manager.list` gives: the hooks in the order of injection, and those that are hidden."""

    generation: int
    hooks: list[ListedHook]
    masked: list[MaskedHook]


class Annotation(TypedDict):
    """An annotation of a container."""

    key: str
    value: str


class _Condition(TypedDict):
    condition: str
    outcome: str
    afterVerdict: bool


class Condition(_Condition, total=False):
    """What a condition came to.

    Always there are:
        condition: ``"always"``, ``"has-bind-mounts"``, ``"annotation"`` or ``"commands"``.
        outcome: ``"holds"``, ``"fails"``, ``"ignored"`` or ``"error"``.
        afterVerdict: the conditions before it had settled the verdict.
    Of an error:
        error: its text.
    Of ``always`` and ``has-bind-mounts``:
        value: what the hook says.
        container: whether the container has bind mounts.
    Of ``annotation``:
        keyPattern, valuePattern: the patterns.
        tried: how many annotations there are.
        matched: the `Annotation` that matched, or None.
        nearest: one whose key matched, but not its value, or None.
    Of ``commands``:
        patterns: the patterns.
        command: ``process.args[0]``, or None.
        matched: the pattern that matched, or None.
    """

    error: str
    value: bool
    container: bool
    keyPattern: str
    valuePattern: str
    tried: int
    matched: Union[Annotation, str, None]
    nearest: Optional[Annotation]
    patterns: list[str]
    command: Optional[str]


class _HookVerdict(FilePath):
    name: str
    verdict: str
    stages: list[str]
    anyOf: bool
    conditions: list[Condition]


class HookVerdict(_HookVerdict, total=False):
    """Whether a hook matches, and why: ``verdict`` is ``"match"``, ``"no-match"`` or ``"error"``, and then ``error`` is
    its text; ``anyOf`` says that one condition that holds is enough."""

    error: str


class Explanation(TypedDict):
    """What `Manager.explain` gives.

    Members:
        generation: which set of hooks was asked.
        error: what `Manager.hooks` fails with for this container, or None.
        hooks: the verdict of each, in the order of injection.
        masked: hooks that were not asked, since others hide them.
        withoutHook: the problems of files that give no hook.
    """

    generation: int
    error: Optional[str]
    hooks: list[HookVerdict]
    masked: list[MaskedHook]
    withoutHook: list[Diagnostic]
