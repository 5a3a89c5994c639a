"""The list: the hooks in the order of injection, where they come from, and what masks what."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._diagnostic import path_of
from ._types import Hook


@dataclass(frozen=True)
class MaskedHook:
    """A hook that another file, of a later directory, hides.

    Attributes:
        path: its file, as `os.fsdecode` gives it.
        by: the file that hides it.
    """

    path: str
    by: str

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> MaskedHook:
        """That which the library describes as this JSON object."""
        return cls(path=path_of(data, "path") or "", by=path_of(data, "by") or "")


@dataclass(frozen=True)
class ListedHook:
    """A hook and where it comes from.

    Attributes:
        name: the name of its file, as `os.fsdecode` gives it. path: its file. masks: the files of
        earlier directories that it hides. hook: the hook itself. injected: the members of
        ``config["hooks"]`` that it is added to, in the order of its stages: one that is there
            twice, twice.
        extension_stages: the stages at which the caller runs it.
    """

    name: str
    path: str
    masks: tuple[str, ...]
    hook: Hook
    injected: tuple[str, ...]
    extension_stages: tuple[str, ...]

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> ListedHook:
        """That which the library describes as this JSON object."""
        path = path_of(data, "path") or ""
        return cls(
            name=os.path.basename(path),
            path=path,
            masks=tuple(path_of(masked, "path") or "" for masked in data["masks"]),
            hook=data["hook"],
            injected=tuple(data["injected"]),
            extension_stages=tuple(data["extensionStages"]),
        )


@dataclass(frozen=True)
class Listing:
    """What `Manager.list` gives.

    Attributes:
        generation: which set of hooks it is.
        hooks: the hooks, in the order of injection.
        masked: the hooks that others hide.
    """

    generation: int
    hooks: tuple[ListedHook, ...]
    masked: tuple[MaskedHook, ...]

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Listing:
        """That which the library describes as this JSON object."""
        return cls(
            generation=data["generation"],
            hooks=tuple(map(ListedHook._of, data["hooks"])),
            masked=tuple(map(MaskedHook._of, data["masked"])),
        )
