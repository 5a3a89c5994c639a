"""Running hooks, and passing configs through them."""

from __future__ import annotations

import json
import logging
import select
import socket
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Callable, Optional, TypeVar, Union, overload

from . import _arguments, _ffi
from ._arguments import JSON, Descriptor, Path, ProcessGroup
from ._diagnostic import Diagnostic
from ._results import CompletedHook, DroppedMembers, FilterFailure, FilterResult, HooksError

_T = TypeVar("_T")

_logger = logging.getLogger("libhooks")


def run(
    hook: JSON,
    state: Union[bytes, str, Mapping[str, object]] = b"",
    *,
    directory: Optional[Path] = None,
    timeout: Optional[float] = None,
    post_kill_timeout: Optional[float] = 10.0,
    capture_limit: int = 10 << 20,
    stdout: Optional[Descriptor] = None,
    stderr: Optional[Descriptor] = None,
    output: Optional[Callable[[str, bytes], object]] = None,
    cancel: Optional[Descriptor] = None,
    process_group: ProcessGroup = "auto",
    check: bool = False,
) -> CompletedHook:
    """Run a hook and wait for its end.

    A hook that fails is a result, and not an exception, unless ``check`` is true.

    The hook has only the environment variables in its definition, and only the file descriptors 0,
    1 and 2. If its timeout expires or it is cancelled, it is killed with its process group or its
    descendants. If it exits by itself, processes that it started continue to run, but their later
    output is lost.

    Args:
        hook: an entry of ``config["hooks"]``, as JSON or as a mapping: ``path``, ``args``, ``env``,
            ``timeout``.
        state: its stdin: the container's state. A mapping is converted to JSON.
        directory: its working directory; the path of its executable is relative to it. None means
            the caller's working directory.
        timeout: its timeout in seconds, with millisecond precision, if the hook does not define
            one. None means no timeout.
        post_kill_timeout: the time in seconds to wait for a killed hook to end. None means no
            limit.
        capture_limit: the number of bytes of each stream to keep, from its end.
        stdout, stderr: an open file or a file descriptor that receives the stream instead of
            capturing it.
        output: a callback that receives ``"stdout"`` or ``"stderr"`` and bytes, as the captured
            output is written. It does not run in the main thread. If it raises an exception, it is
            not called again, and the exception is raised here when the hook has ended.
        cancel: a file descriptor, or an object that has one. The hook is killed when it becomes
            readable, for example a pipe. It is not read.
        process_group: ``"caller"``: the hook runs in the caller's process group. It receives the
            signals sent to that group, such as that of Ctrl-C, and may read from the terminal if
            the group is in the foreground. It is killed with those of its descendants that are
            found in /proc, within 1 s and up to 4096 descendants. A descendant whose parent has
            ended is not found, and one in its own session is not killed. ``"own"``: the hook runs
            in a new group, which is killed as a whole; signals to the caller's group do not reach
            it. ``"auto"``: ``"caller"`` if the process is in the foreground of its controlling
            terminal, or if this cannot be determined; otherwise ``"own"``.
        check: whether to call `CompletedHook.check`.

    If this is called in the main thread, another thread runs the hook, so that signals are handled
    during the run. If a signal handler raises an exception, such as KeyboardInterrupt for Ctrl-C,
    the hook is killed first. A daemon thread that passes ``output`` also uses another thread: the
    interpreter waits for it before it shuts down.

    Raises:
        HooksError: the hook is not valid or cannot be started (see ``errno``), or it failed and
            ``check`` is true.
        TypeError, ValueError: an argument has a wrong type, or cannot be converted to JSON.
    """
    text, given = _arguments.json_text("hook", hook), _arguments.state_bytes(state)
    _arguments.switch("check", check)
    options = _options(
        directory, timeout, post_kill_timeout, capture_limit, stderr, output, cancel, process_group
    )
    options = options._replace(stdout=_arguments.descriptor("stdout", stdout))
    ran = _interruptibly(
        lambda descriptor: _ffi.exec_run(text, given, options._replace(cancel=descriptor)), options
    )
    completed = CompletedHook._of(json.loads(ran.json), ran.stdout, ran.stderr)
    if check:
        completed.check()
    return completed


@overload
def filter_config(
    hooks: Union[Iterable[Mapping[str, object]], str, bytes],
    config: str,
    *,
    directory: Optional[Path] = ...,
    timeout: Optional[float] = ...,
    post_kill_timeout: Optional[float] = ...,
    capture_limit: int = ...,
    stderr: Optional[Descriptor] = ...,
    output: Optional[Callable[[str, bytes], object]] = ...,
    cancel: Optional[Descriptor] = ...,
    process_group: ProcessGroup = ...,
    output_annotations: bool = ...,
    patches: bool = ...,
    check: bool = ...,
) -> FilterResult[str]: ...
@overload
def filter_config(
    hooks: Union[Iterable[Mapping[str, object]], str, bytes],
    config: bytes,
    *,
    directory: Optional[Path] = ...,
    timeout: Optional[float] = ...,
    post_kill_timeout: Optional[float] = ...,
    capture_limit: int = ...,
    stderr: Optional[Descriptor] = ...,
    output: Optional[Callable[[str, bytes], object]] = ...,
    cancel: Optional[Descriptor] = ...,
    process_group: ProcessGroup = ...,
    output_annotations: bool = ...,
    patches: bool = ...,
    check: bool = ...,
) -> FilterResult[bytes]: ...
@overload
def filter_config(
    hooks: Union[Iterable[Mapping[str, object]], str, bytes],
    config: Mapping[str, object],
    *,
    directory: Optional[Path] = ...,
    timeout: Optional[float] = ...,
    post_kill_timeout: Optional[float] = ...,
    capture_limit: int = ...,
    stderr: Optional[Descriptor] = ...,
    output: Optional[Callable[[str, bytes], object]] = ...,
    cancel: Optional[Descriptor] = ...,
    process_group: ProcessGroup = ...,
    output_annotations: bool = ...,
    patches: bool = ...,
    check: bool = ...,
) -> FilterResult[dict[str, Any]]: ...
def filter_config(
    hooks: Union[Iterable[Mapping[str, object]], str, bytes],
    config: JSON,
    *,
    directory: Optional[Path] = None,
    timeout: Optional[float] = None,
    post_kill_timeout: Optional[float] = 10.0,
    capture_limit: int = 10 << 20,
    stderr: Optional[Descriptor] = None,
    output: Optional[Callable[[str, bytes], object]] = None,
    cancel: Optional[Descriptor] = None,
    process_group: ProcessGroup = "auto",
    output_annotations: bool = False,
    patches: bool = False,
    check: bool = False,
) -> Union[FilterResult[str], FilterResult[bytes], FilterResult[dict[str, Any]]]:
    """Pass a config through hooks.

    Each hook reads the output of the previous one, byte for byte, and its output is the new config.
    The filter stops at the first hook that fails or whose output is not a config. That is a result,
    and not an exception, unless ``check`` is true.

    Args:
        hooks: the hooks, such as ``result.extension_stage_hooks["precreate"]``, or a JSON array of
            hooks.
        config: the container's OCI config: JSON, or a mapping.
        directory, timeout, post_kill_timeout, capture_limit, stderr, output, cancel, process_group:
        as for `run`. A config longer than ``capture_limit`` is a failure.
        output_annotations: whether the annotations ``run.oci.hooks.stdout`` and
            ``run.oci.hooks.stderr`` of the config name files to which the hooks' output is
            appended. Anyone who can set these annotations can then make this process write such
            files.
        patches: whether the result has the changes of each hook.
        check: whether to call `FilterResult.check`.

    The logger ``libhooks`` also receives the changes of each hook, at level DEBUG.

    Raises:
        HooksError: the config is not valid, or the filter failed and ``check`` is true.
        TypeError, ValueError: an argument has a wrong type, or cannot be converted to JSON.
    """
    hooks_text, text = _arguments.hooks_text(hooks), _arguments.json_text("config", config)
    for name, value in (
        ("output_annotations", output_annotations),
        ("patches", patches),
        ("check", check),
    ):
        _arguments.switch(name, value)
    log = _logger.isEnabledFor(logging.DEBUG)
    options = _options(
        directory, timeout, post_kill_timeout, capture_limit, stderr, output, cancel, process_group
    )
    options = options._replace(output_annotations=output_annotations, patches=patches or log)
    filtered = _interruptibly(
        lambda descriptor: _ffi.exec_filter(hooks_text, text, options._replace(cancel=descriptor)),
        options,
    )
    data = json.loads(filtered.json)
    runs = tuple(
        CompletedHook._of(run, ran.stdout, ran.stderr)
        for run, ran in zip(data["hooks"], filtered.runs)
    )
    failure = (
        None if data["failure"] is None else _failure(data["failure"], filtered.message or b"")
    )
    changes = data.get("patches") or ()
    for index, patch in enumerate(changes):
        if patch:
            _logger.debug(
                "hook %d (%s) changed the config: %s", index, runs[index].path, json.dumps(patch)
            )
    reported = tuple(changes) if patches else None
    dropped = tuple(
        DroppedMembers(each["hook"], each["path"], tuple(each["members"]))
        for each in data["dropped"]
    )
    result: Union[FilterResult[str], FilterResult[bytes], FilterResult[dict[str, Any]]]
    if isinstance(config, str):
        result = FilterResult(filtered.config.decode(), runs, failure, reported, dropped)
    elif isinstance(config, bytes):
        result = FilterResult(filtered.config, runs, failure, reported, dropped)
    else:
        result = FilterResult(json.loads(filtered.config), runs, failure, reported, dropped)
    if check:
        result.check()
    return result


def _failure(data: Mapping[str, Any], message: bytes) -> FilterFailure:
    return FilterFailure(
        message=message.decode(),
        hook=data["hook"],
        path=data["path"],
        stderr=data["stderr"],
        kind=data["kind"],
        hook_error=data["hookError"],
        error=data["error"],
        errno=data["errno"] or None,
        output=data["output"],
        diagnostics=tuple(map(Diagnostic._of, data.get("diagnostics", ()))),
    )


def _options(
    directory: Optional[Path],
    timeout: Optional[float],
    post_kill_timeout: Optional[float],
    capture_limit: int,
    stderr: Optional[Descriptor],
    output: Optional[Callable[[str, bytes], object]],
    cancel: Optional[Descriptor],
    process_group: ProcessGroup,
) -> _ffi.RunOptions:
    _arguments.function("output", output)
    return _ffi.RunOptions(
        directory=None if directory is None else _arguments.path("directory", directory),
        timeout_ms=_arguments.timeout_ms(timeout),
        post_kill_timeout_ms=_arguments.post_kill_timeout_ms(post_kill_timeout),
        capture_limit=_arguments.size("capture_limit", capture_limit),
        stdout=-1,
        stderr=_arguments.descriptor("stderr", stderr),
        output=output,
        cancel=_arguments.descriptor("cancel", cancel),
        process_group=_arguments.process_group(process_group),
    )


# No more threads can be started, or the interpreter is about to shut down.
_NO_THREAD = ("can't start new thread", "can't create new thread")


def _interruptibly(call: Callable[[int], _T], options: _ffi.RunOptions) -> _T:
    """Return the result of `call`, whose argument is a file descriptor that cancels it.

    Python handles signals only in the main thread, and not while it is inside the library.
    Therefore the main thread starts another thread for the call. If a signal handler raises an
    exception, the call is cancelled first. A daemon thread does the same if the library calls back
    into Python: at its shutdown, the interpreter would end such a thread inside the library, and
    the process would abort.
    """
    cancel, current = options.cancel, threading.current_thread()
    may_be_ended = current.daemon and options.output is not None
    if current is not threading.main_thread() and not may_be_ended:
        return call(cancel)
    future: Future[_T] = Future()
    # A shutdown of one end is visible at the other end. It cancels the call, or reports that the
    # call has ended. (A close would not be visible if another thread has forked in between.)
    try:
        ours, theirs = socket.socketpair()
    except OSError as error:
        raise HooksError(
            f"cannot run the hook: {error}",
            kind="io",
            code="start-failed",
            status=_ffi.IO,
            errno=error.errno,
        ) from error

    def work() -> None:
        with theirs:
            if future.set_running_or_notify_cancel():
                try:
                    # When its main thread has ended, the interpreter waits only for threads that
                    # already exist.
                    if may_be_ended and not threading.main_thread().is_alive():
                        raise RuntimeError(
                            "cannot run a hook with an output callback at interpreter shutdown"
                        )
                    future.set_result(call(theirs.fileno()))
                except BaseException as error:
                    future.set_exception(error)
                theirs.shutdown(socket.SHUT_RDWR)

    with ours:
        thread = threading.Thread(target=work, name="libhooks", daemon=False)
        try:
            thread.start()
            ends = select.poll()
            for descriptor in (ours.fileno(), cancel):
                if descriptor >= 0:
                    ends.register(descriptor, select.POLLIN)
            # The loop is needed since a signal just before poll() does not interrupt it.
            while not ends.poll(100):
                pass
            # If the call has already ended, this does nothing.
            ours.shutdown(socket.SHUT_RDWR)
            thread.join()
        except BaseException as error:
            # If the call has not started yet, this prevents it from starting.
            if future.cancel():
                theirs.close()
                # A signal handler may also raise a RuntimeError.
                if (
                    type(error) is RuntimeError
                    and str(error).startswith(_NO_THREAD)
                    and not may_be_ended
                ):
                    return call(cancel)
            else:
                ours.shutdown(socket.SHUT_RDWR)
                thread.join()
            raise
    return future.result()
