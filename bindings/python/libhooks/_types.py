"""Hooks as data, which go in and come out as JSON. Members may be added to each; none goes or
changes its meaning."""

from __future__ import annotations

from typing import TypedDict


class _OCIHook(TypedDict):
    path: str


class OCIHook(_OCIHook, total=False):
    """A hook as the OCI runtime specification has it: what is run. The timeout is in seconds."""

    args: list[str]
    env: list[str]
    timeout: int


# By calls, since "hasBindMounts" and "or" are the names in the files, and the latter is no name in
# Python.
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
