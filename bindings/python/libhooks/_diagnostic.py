"""Diagnostics: problems in hook files and directories."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional


@dataclass(frozen=True)
class Diagnostic:
    """One problem in a hook file or a directory, which need not be an error.

    Attributes:
        severity: ``"error"`` (the file provides no hook), ``"warning"`` or ``"info"``.
        code: the stable name of the problem, such as ``"missing-executable"``.
        path: the file or directory; bytes that are not UTF-8 are in the form of `os.fsdecode`.
        message: what is wrong, without the path.
        line: the line in the file, from 1, or None.
        column: the column in bytes, from 1, or None.
        hint: what to do about it, or None.
        errno: the system's error number, as in the module `errno`, or None.
        reference: the message of Podman's and CRI-O's Go package ``hooks`` for the same problem, if
            it is different.
        cause: the stable name of the cause, which is more specific than `code`, such as
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
        """Build an instance from the library's JSON."""
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
    """Return the path at `key` in a form that `open` accepts.

    A path that is not UTF-8 also has a hexadecimal form in the library's JSON. The file system
    encoding of the program need not be UTF-8.
    """
    if key not in data:
        return None
    digits = data.get(f"{key}_hex")
    return os.fsdecode(data[key].encode() if digits is None else bytes.fromhex(digits))
