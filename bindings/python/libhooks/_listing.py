"""The list of hooks in the order of injection, with their files and the masked hooks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._diagnostic import path_of
from ._types import Hook


@dataclass(frozen=True)
class MaskedHook:
    """A hook that is masked by a file in a later directory.

    Attributes:
        path: the file of the hook, in the form of `os.fsdecode`.
        by: the file that masks it.
    """

    path: str
    by: str

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> MaskedHook:
        """Build an instance from the library's JSON."""
        return cls(path=path_of(data, "path") or "", by=path_of(data, "by") or "")


@dataclass(frozen=True)
class ListedHook:
    """A hook and its origin.

    Attributes:
        name: the name of the hook file, in the form of `os.fsdecode`.
        path: the path of the hook file.
        masks: the files in earlier directories that it masks.
        hook: the hook.
        injected: the members of ``config["hooks"]`` that it is added to, in the order of its
            stages. A stage listed twice appears twice.
        extension_stages: the stages at which the caller must run it.
    """

    name: str
    path: str
    masks: tuple[str, ...]
    hook: Hook
    injected: tuple[str, ...]
    extension_stages: tuple[str, ...]

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> ListedHook:
        """Build an instance from the library's JSON."""
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
    """The result of `Manager.list`.

    Attributes:
        generation: the generation number of the set of hooks.
        hooks: the hooks, in the order of injection.
        masked: the hooks that other files mask.
    """

    generation: int
    hooks: tuple[ListedHook, ...]
    masked: tuple[MaskedHook, ...]

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Listing:
        """Build an instance from the library's JSON."""
        return cls(
            generation=data["generation"],
            hooks=tuple(map(ListedHook._of, data["hooks"])),
            masked=tuple(map(MaskedHook._of, data["masked"])),
        )
