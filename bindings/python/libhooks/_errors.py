"""What goes wrong, as data: an exception for what fails, and a record for each problem."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from ._run import CompletedHook, FilterResult
    from ._types import Hook


@dataclass(frozen=True)
class Diagnostic:
    """One problem of a hook file or a directory, which need not be an error.

    Attributes:
        severity: ``"error"`` (the file gives no hook), ``"warning"`` or ``"info"``.
        code: which problem it is: a stable name such as ``"missing-executable"``.
        path: the file or directory; bytes that are not UTF-8 are there as `os.fsdecode` has them.
        message: what is wrong, in words.
        line: the line in the file, from 1; None where there is no such place.
        column: the column in bytes, from 1.
        hint: what to do about it, if something is known.
        errno: the system's error number behind it, as in the module `errno`, if there is one.
    """

    severity: str
    code: str
    path: str
    message: str
    line: Optional[int] = None
    column: Optional[int] = None
    hint: Optional[str] = None
    errno: Optional[int] = None

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
        )


class HooksError(Exception):
    """A call failed; ``str(error)`` says why, in one or more lines.

    Arguments of a wrong type or form are `TypeError` and `ValueError`, as everywhere in Python. This is about what the
    arguments mean: hook files, configs, the system. It can be pickled.

    Attributes:
        message: what ``str(error)`` is.
        kind: what sort of error it is: ``"invalid-argument"``, ``"utf8"``, ``"json"`` (an argument is not the JSON
            expected), ``"io"``, ``"hook-file"``, ``"match"`` (``process.args`` is empty), ``"stage"``,
            ``"no-json-suffix"``, ``"strict"``, ``"hook-failed"``, ``"timeout"``, ``"cancelled"`` or ``"panic"`` (a bug
            in libhooks). There may come more.
        code: which error it is: a stable name such as ``"missing-executable"``, one of those of `Diagnostic.code`; of a
            hook or a filter that did not go well, its kind.
        status: the C library's number for the kind: an ``enum hooks_status`` of hooks.h, negative.
        errno: the system's error number behind it, as in the module `errno`, or None.
        path: the file or directory that it is about, as `os.fsdecode` gives it, or None.
        line: the line in that file, or in the argument, from 1, or None.
        column: the column in bytes, from 1, or None.
        hook: the name of the hook that could not be matched, or None.
        diagnostics: of a failed `Manager`, `Manager.reload` or `read_dir`: every problem of every directory.
        hooks: of a failed `read_dir`: the hooks that are good, by file name.
        completed: of a hook that did not go well: what became of it, or None.
        filtered: of a filter that did not go well: what became of the config, or None.
    """

    # As tracebacks and pickles name it.
    __module__ = "libhooks"

    # Everything but the message has a default and lives in __dict__, which is all that copying and pickling need.
    def __init__(
        self,
        message: str,
        *,
        kind: str = "",
        code: str = "",
        status: int = 0,
        errno: Optional[int] = None,
        path: Optional[str] = None,
        line: Optional[int] = None,
        column: Optional[int] = None,
        hook: Optional[str] = None,
        diagnostics: tuple[Diagnostic, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.code = code
        self.status = status
        self.errno = errno
        self.path = path
        self.line = line
        self.column = column
        self.hook = hook
        self.diagnostics = diagnostics
        self.hooks: Mapping[str, Hook] = {}
        self.completed: Optional[CompletedHook] = None
        self.filtered: Optional[FilterResult[Any]] = None

    @classmethod
    def _of(cls, status: int, data: Mapping[str, Any]) -> HooksError:
        """That which the library describes as this JSON object."""
        where = data["where"]
        return cls(
            data["message"],
            kind=data["kind"],
            code=data["code"],
            status=status,
            errno=data["errno"] or None,
            path=path_of(where, "path"),
            line=where.get("line"),
            column=where.get("column"),
            hook=where.get("hook"),
            diagnostics=tuple(map(Diagnostic._of, data.get("diagnostics", ()))),
        )


def path_of(data: Mapping[str, Any], key: str) -> Optional[str]:
    """The path at `key`, fit to be opened. The library's JSON has one that is not UTF-8 in full beside it; and what the
    program takes paths for need not be UTF-8."""
    if key not in data:
        return None
    digits = data.get(f"{key}_hex")
    return os.fsdecode(data[key].encode() if digits is None else bytes.fromhex(digits))
