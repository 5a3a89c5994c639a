"""The exception for failures, and the results of hooks that were run.

They refer to each other: a result can raise the exception, and the exception has the result.
"""

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

    An argument of a wrong type or form raises `TypeError` or `ValueError`, as usual in Python. This
    exception is for the meaning of the arguments: hook files, configs, the system. It can be
    pickled.

    Attributes:
        message: the same as ``str(error)``.
        kind: the class of the error: ``"invalid-argument"``, ``"utf8"``, ``"json"`` (an argument is
            not the expected JSON), ``"io"``, ``"hook-file"``, ``"match"`` (``process.args`` is
            empty), ``"stage"``, ``"no-json-suffix"``, ``"strict"``, ``"hook-failed"``,
            ``"timeout"``, ``"cancelled"`` or ``"panic"`` (a bug in libhooks). New kinds may be
            added.
        code: the stable name of the error, such as ``"missing-executable"``, as in
            `Diagnostic.code`. For a hook or a filter that failed, it is the kind.
        status: the C library's number for the kind: an ``enum hooks_status`` of hooks.h, negative.
        errno: the system's error number, as in the module `errno`, or None.
        path: the file or directory concerned, in the form of `os.fsdecode`, or None.
        line: the line in that file, or in the argument, from 1, or None.
        column: the column in bytes, from 1, or None.
        hook: the name of the hook whose conditions could not be evaluated, or None.
        diagnostics: all diagnostics of all directories, if `Manager`, `Manager.reload` or
            `read_dir` failed; or why the program of a hook could not be started or did not run.
        hooks: the valid hooks by file name, if `read_dir` failed.
        completed: the result of the hook, if a hook failed, or None.
        filtered: the result of the filter, if a filter failed, or None.
    """

    # Tracebacks and pickles show this name.
    __module__ = "libhooks"

    # Everything except the message has a default and is in __dict__, which is all that copying and
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
        """Build an instance from the library's JSON."""
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
    """The result of a hook that was started.

    Attributes:
        path: its executable.
        argv: its command line.
        exit_status: its exit status; None if it was killed or the status is unknown.
        signal: the number of the signal that killed it, or None.
        timed_out: whether it was killed because its timeout expired.
        cancelled: whether it was killed because the caller cancelled it.
        killed: which processes were killed in these cases: ``"group"`` (the hook and its process
            group), ``"descendants"`` (the hook and those of its descendants that were found),
            ``"hook"`` (only the hook, since /proc is missing), or None.
        killed_descendants: the number of descendants killed if ``killed`` is ``"descendants"``;
            otherwise None.
        duration: the duration in seconds.
        stdout: the captured output to stdout: its last bytes, up to ``capture_limit``.
        stderr: the same for stderr.
        stdout_total: the number of bytes written to stdout, if it was captured.
        stderr_total: the same for stderr.
        hook_error: the error of the hook itself, or None; Podman's package calls it the *hook
            error*.
        error: why the run failed, or None if it succeeded.
        diagnostics: why the program did not run although its process was started, such as
            ``"missing-library"``; empty for a program that ran.
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
    diagnostics: tuple[Diagnostic, ...] = ()

    def check(self) -> None:
        """Raise an exception if the hook failed.

        Raises:
            HooksError: the hook failed. The kind is ``"timeout"``, ``"cancelled"`` or
                ``"hook-failed"``, and ``completed`` is this object.
        """
        if self.error is None:
            return
        kind = "timeout" if self.timed_out else "cancelled" if self.cancelled else "hook-failed"
        error = HooksError(
            self.error,
            kind=kind,
            code=kind,
            status=_STATUS[kind],
            diagnostics=self.diagnostics,
        )
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
            diagnostics=tuple(map(Diagnostic._of, data.get("diagnostics", ()))),
        )


@dataclass(frozen=True)
class FilterFailure:
    """Why a filter failed.

    Attributes:
        message: the whole message for users: which hook failed, the error, and the end of its
            stderr.
        hook: the index of the failed hook, from 0; None if none was run.
        path: its executable, or None.
        stderr: the end of its stderr, as a str.
        kind: ``"hook-failed"``, ``"timeout"``, ``"cancelled"``, or ``"io"`` (a file named by an
            annotation cannot be opened).
        hook_error: the error of the hook itself; None if its output is the problem, or if no hook
            was run.
        error: why it failed.
        errno: the system's error number, as in the module `errno`, or None.
        output: the first line of what the hook printed, shortened, if that is not a config;
            otherwise None.
        diagnostics: why the program of the hook could not be started or did not run.
    """

    message: str
    hook: Optional[int]
    path: Optional[str]
    stderr: str
    kind: str
    hook_error: Optional[str]
    error: str
    errno: Optional[int]
    output: Optional[str] = None
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class DroppedMembers:
    """The members that a hook removed from a config, of those without which no runtime starts a
    container.

    Attributes:
        hook: the index of the hook, from 0.
        path: its executable.
        members: the names: ``"ociVersion"``, ``"process"``, ``"root"``.
    """

    hook: int
    path: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class FilterResult(Generic[Config]):
    """The result of a filter.

    Attributes:
        config: the config from the last successful hook, or else the original config;
            in the same form as the argument.
        runs: the results of the hooks that were started, in order, including the failed one.
        failure: why the filter failed, or None if it succeeded.
        patches: the changes of each successful hook, if they were requested: one JSON Patch (RFC
            6902) for each hook.
        dropped: the hooks that removed members without which no runtime starts a container.
    """

    config: Config
    runs: tuple[CompletedHook, ...]
    failure: Optional[FilterFailure]
    patches: Optional[tuple[list[dict[str, Any]], ...]] = None
    dropped: tuple[DroppedMembers, ...] = ()

    def check(self) -> None:
        """Raise an exception if the filter failed.

        Raises:
            HooksError: the filter failed. The kind is that of the failure, and ``filtered`` is this
                object. ``completed`` is the result of the failed hook, if it was started.
        """
        failure = self.failure
        if failure is None:
            return
        status = _STATUS[failure.kind]
        error = HooksError(
            failure.message,
            kind=failure.kind,
            code=failure.kind,
            status=status,
            errno=failure.errno,
            diagnostics=failure.diagnostics,
        )
        error.filtered = self
        if failure.hook is not None and failure.hook < len(self.runs):
            error.completed = self.runs[failure.hook]
        raise error
