"""What is wrong with a hook file or a directory, as data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional


@dataclass(frozen=True)
class Diagnostic:
    """One problem of a hook file or a directory, which need not be an error.

    Attributes:
        severity: ``"error"`` (the file gives no hook), ``"warning"`` or ``"info"``. code: which
        problem it is: a stable name such as ``"missing-executable"``. path: the file or directory;
        bytes that are not UTF-8 are there as `os.fsdecode` has them. message: what is wrong, in
        plain words, without the path. line: the line in the file, from 1; None where there is no
        such place. column: the column in bytes, from 1. hint: what to do about it, if something is
        known. errno: the system's error number behind it, as in the module `errno`, if there is
        one. reference: what the Go package ``hooks`` of Podman and CRI-O says instead, if it says
        something else. cause: the stable name of the kind of cause, finer than `code`:
        ``"unexpected-character"``.
    """

    severity: str
    code: str
    path: str
    message: str
    line: Optional[int] = None
    column: Optional[int] = None
    hint: Optional[str] = None
    errno: Optional[int] = None
    reference: Optional[str] = None
    cause: str = ""

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Diagnostic:
        """That which the library describes as this JSON object."""
        return cls(
            severity=data["severity"],
            code=data["code"],
            path=path_of(data, "path") or "",
            message=data["message"],
            line=data.get("line"),
            column=data.get("column"),
            hint=data.get("hint"),
            errno=data.get("errno"),
            reference=data.get("reference"),
            cause=data["cause"],
        )


def path_of(data: Mapping[str, Any], key: str) -> Optional[str]:
    """The path at `key`, fit to be opened. The library's JSON has one that is not UTF-8 in full
    beside it; and what the program takes paths for need not be UTF-8."""
    if key not in data:
        return None
    digits = data.get(f"{key}_hex")
    return os.fsdecode(data[key].encode() if digits is None else bytes.fromhex(digits))
