"""What calls come to: the exception for what fails, and what became of hooks that were run.

Each of the two leads to the other: a result raises the exception if it is asked to, and the
exception has the result. """

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Optional, TypeVar, Union

from ._diagnostic import Diagnostic, path_of
from ._types import Hook

Config = TypeVar("Config", bound=Union[Mapping[str, object], str, bytes])

# hooks.h: enum hooks_status
_STATUS = {"io": -4, "hook-failed": -8, "timeout": -9, "cancelled": -10}


class HooksError(Exception):
    """A call failed; ``str(error)`` says why, in one or more lines.

    Arguments of a wrong type or form are `TypeError` and `ValueError`, as everywhere in Python.
    This is about what the arguments mean: hook files, configs, the system. It can be pickled.

    Attributes:
        message: what ``str(error)`` is. kind: what sort of error it is: ``"invalid-argument"``,
        ``"utf8"``, ``"json"`` (an argument is not the JSON
            expected), ``"io"``, ``"hook-file"``, ``"match"`` (``process.args`` is empty),
            ``"stage"``, ``"no-json-suffix"``, ``"strict"``, ``"hook-failed"``, ``"timeout"``,
            ``"cancelled"`` or ``"panic"`` (a bug in libhooks). There may come more.
        code: which error it is: a stable name such as ``"missing-executable"``, one of those of
        `Diagnostic.code`; of a
            hook or a filter that did not go well, its kind.
        status: the C library's number for the kind: an ``enum hooks_status`` of hooks.h, negative.
        errno: the system's error number behind it, as in the module `errno`, or None. path: the
        file or directory that it is about, as `os.fsdecode` gives it, or None. line: the line in
        that file, or in the argument, from 1, or None. column: the column in bytes, from 1, or
        None. hook: the name of the hook that could not be matched, or None. diagnostics: of a
        failed `Manager`, `Manager.reload` or `read_dir`: every problem of every directory. hooks:
        of a failed `read_dir`: the hooks that are good, by file name. completed: of a hook that did
        not go well: what became of it, or None. filtered: of a filter that did not go well: what
        became of the config, or None.
    """

    # As tracebacks and pickles name it.
    __module__ = "libhooks"

    # Everything but the message has a default and lives in __dict__, which is all that copying and
    # pickling need.
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


@dataclass(frozen=True)
class CompletedHook:
    """What became of a hook that was started.

    Attributes:
        path: its executable. argv: its command line. exit_status: what it exited with; None if it
        was killed, or nobody could tell. signal: the number of the signal that killed it, or None.
        timed_out: its time was over, and it was killed. cancelled: the caller asked for its end,
        and it was killed. killed: which processes were killed then: ``"group"``: it and its process
        group; ``"descendants"``: it and those
            of its descendants that were found; ``"hook"``: it alone, since there is no /proc. None:
            none was.
        killed_descendants: how many descendants were killed, where ``killed`` is ``"descendants"``;
        else None. duration: how long it took, in seconds. stdout: what it wrote to stdout, if that
        was captured: the last bytes, as many as ``capture_limit`` allows. stderr: likewise for
        stderr. stdout_total: how many bytes it wrote to stdout, if that was captured. stderr_total:
        likewise for stderr. hook_error: what is wrong with the hook itself, or None: what Podman's
        package calls the *hook error*. error: why it did not go well, or None: it did.
    """

    path: str
    argv: tuple[str, ...]
    exit_status: Optional[int]
    signal: Optional[int]
    timed_out: bool
    cancelled: bool
    duration: float
    stdout: bytes
    stderr: bytes
    stdout_total: int
    stderr_total: int
    hook_error: Optional[str]
    error: Optional[str]
    killed: Optional[str] = None
    killed_descendants: Optional[int] = None

    def check(self) -> None:
        """Does nothing if it went well.

        Raises:
            HooksError: it did not: of kind ``"timeout"``, ``"cancelled"`` or ``"hook-failed"``,
            with this object as its
                ``completed``.
        """
        if self.error is None:
            return
        kind = "timeout" if self.timed_out else "cancelled" if self.cancelled else "hook-failed"
        error = HooksError(self.error, kind=kind, code=kind, status=_STATUS[kind])
        error.completed = self
        raise error

    @classmethod
    def _of(cls, data: Mapping[str, Any], stdout: bytes, stderr: bytes) -> CompletedHook:
        killed = data["killed"] or {}
        return cls(
            path=data["path"],
            argv=tuple(data["argv"]),
            exit_status=data["exitStatus"],
            signal=data["signal"],
            timed_out=data["timedOut"],
            cancelled=data["cancelled"],
            duration=data["durationUs"] / 1e6,
            stdout=stdout,
            stderr=stderr,
            stdout_total=data["stdout"]["total"],
            stderr_total=data["stderr"]["total"],
            hook_error=data["hookError"],
            error=data["error"],
            killed=killed.get("scope"),
            killed_descendants=killed.get("count"),
        )


@dataclass(frozen=True)
class FilterFailure:
    """Why a config did not get through.

    Attributes:
        message: all of it, for people: which hook, the error, and the end of what it wrote to
        stderr. hook: which hook failed, from 0; None if none has run. path: its executable, or
        None. stderr: the end of what it wrote to stderr, as text. kind: ``"hook-failed"``,
        ``"timeout"``, ``"cancelled"``, or ``"io"``: a file that an annotation names cannot be
            opened.
        hook_error: what is wrong with the hook itself, or None: it is what it printed, or no hook
        at all. error: why it did not go well. errno: the system's error number behind it, as in the
        module `errno`, or None.
    """

    message: str
    hook: Optional[int]
    path: Optional[str]
    stderr: str
    kind: str
    hook_error: Optional[str]
    error: str
    errno: Optional[int]


@dataclass(frozen=True)
class FilterResult(Generic[Config]):
    """What became of a config.

    Attributes:
        config: the config as the last good hook printed it, in the form in which it was given; as
        it was given, if
            there was none.
        runs: the hooks that were started, in order, the failing one included. failure: why it did
        not get through, or None: it did. patches: what each hook changed, if that was asked for: a
        JSON Patch (RFC 6902) for each that did not fail.
    """

    config: Config
    runs: tuple[CompletedHook, ...]
    failure: Optional[FilterFailure]
    patches: Optional[tuple[list[dict[str, Any]], ...]] = None

    def check(self) -> None:
        """Does nothing if the config got through.

        Raises:
            HooksError: it did not: of the failure's kind, with this object as its ``filtered`` and
            the failing hook, if
                it was started, as its ``completed``.
        """
        failure = self.failure
        if failure is None:
            return
        status = _STATUS[failure.kind]
        error = HooksError(failure.message, kind=failure.kind, code=failure.kind, status=status, errno=failure.errno)
        error.filtered = self
        if failure.hook is not None and failure.hook < len(self.runs):
            error.completed = self.runs[failure.hook]
        raise error
