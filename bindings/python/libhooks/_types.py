"""The types of hooks that are read and written as JSON.

New members may be added to each type. No member is removed or changes its meaning.
"""

from __future__ import annotations

from typing import TypedDict


class _OCIHook(TypedDict):
    path: str


class OCIHook(_OCIHook, total=False):
    """A hook as in the OCI runtime specification: the program to run.

    The timeout is in seconds.
    """

    args: list[str]
    env: list[str]
    timeout: int


# The function form is needed since "hasBindMounts" and "or" are the names in hook files, and "or"
# is a keyword in Python.
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
When.__doc__ = """The conditions of a hook.

With ``"or": True`` one true condition is enough, as in version 0.1.0.
"""


class Hook(TypedDict):
    """A hook file in the form of version 1.0.0, even if the file has another version."""

    version: str
    hook: OCIHook
    when: When
    stages: list[str]
