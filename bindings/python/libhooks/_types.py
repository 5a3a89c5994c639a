"""The shapes of the JSON that comes out. Members may be added to each; none goes or changes its meaning."""

from __future__ import annotations

from typing import Optional, TypedDict

from ._errors import Diagnostic


class _OCIHook(TypedDict):
    path: str


class OCIHook(_OCIHook, total=False):
    """A hook as the OCI runtime specification has it: what is run."""

    args: list[str]
    env: list[str]
    timeout: int
    """In seconds."""


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
    """A hook and where it comes from."""

    name: str
    """The name of its file."""
    masks: list[FilePath]
    """The files of earlier directories that it hides."""
    hook: Hook


class Listing(TypedDict):
    """What `Manager.list` gives."""

    generation: int
    hooks: list[ListedHook]
    """In the order of injection."""
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

    ``condition`` is ``"always"``, ``"has-bind-mounts"``, ``"annotation"`` or ``"commands"``; ``outcome`` is
    ``"holds"``, ``"fails"``, ``"ignored"`` or ``"error"``, and then ``error`` is its text; ``afterVerdict`` says that
    the verdict was there already. The others are there as the condition has them.
    """

    error: str
    value: bool
    """``always``, ``has-bind-mounts``: what the hook says."""
    container: bool
    """``has-bind-mounts``: what the container has."""
    keyPattern: str
    valuePattern: str
    tried: int
    """``annotation``: how many annotations there are."""
    matched: object
    """``annotation``: the `Annotation` that matched; ``commands``: the pattern; None if there is none."""
    nearest: Optional[Annotation]
    """``annotation``: one whose key matched, but not its value."""
    patterns: list[str]
    command: Optional[str]
    """``commands``: ``process.args[0]``."""


class _HookVerdict(FilePath):
    name: str
    verdict: str
    stages: list[str]
    anyOf: bool
    conditions: list[Condition]


class HookVerdict(_HookVerdict, total=False):
    """Whether a hook matches, and why. ``verdict`` is ``"match"``, ``"no-match"`` or ``"error"``, and then ``error`` is
    its text; ``anyOf`` says that one condition that holds is enough."""

    error: str


class Explanation(TypedDict):
    """What `Manager.explain` gives."""

    generation: int
    error: Optional[str]
    """What `Manager.hooks` fails with for this container, if it does."""
    hooks: list[HookVerdict]
    """In the order of injection."""
    masked: list[MaskedHook]
    withoutHook: list[Diagnostic]
    """The problems of the files that give no hook."""
