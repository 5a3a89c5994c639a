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
from ._results import CompletedHook, FilterFailure, FilterResult, HooksError

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
    """Runs a hook and waits for its end. One that fails is a result, unless ``check`` is true.

    It gets the environment that it has and no other, and no descriptor but 0, 1 and 2. When its
    time is over, or its end is asked for, it is killed with its process group or its descendants.
    When it exits by itself, what it has left behind lives on: what that writes then is lost.

    Args:
        hook: an entry of ``config["hooks"]``, as JSON text or a mapping: ``path``, ``args``,
        ``env``, ``timeout``. state: what it reads on stdin: the container's state. A mapping is
        written as JSON. directory: where it is started; its executable's path is relative to it.
        None: the working directory. timeout: its time in seconds, if it has none of its own; down
        to the millisecond. None: none. post_kill_timeout: how long to wait for it after it was
        killed, in seconds. None: as long as it takes. capture_limit: how much of each stream is
        kept, in bytes: the last of it. stdout, stderr: where that goes instead of being captured:
        an open file, or a descriptor. output: called with ``"stdout"`` or ``"stderr"`` and bytes,
        for what is captured as it comes; not in the main
            thread. What it raises ends that, and is raised here when the hook has ended.
        cancel: the hook is killed as soon as this can be read from: a descriptor (of a pipe, say),
        or an object that
            has one. It is not read.
        process_group: ``"caller"``: the hook runs in the caller's process group. It gets the
        signals that are sent to
            that group, such as that of Ctrl-C, and may read the terminal if the group is in the
            foreground. It is killed with those of its descendants that can be found in /proc, for 1
            s and 4096 descendants at most; one whose parent has ended is not found, one in a
            session of its own is left alone. ``"own"``: a group of its own, which is killed as a
            whole; signals for the caller's group do not reach it. ``"auto"``: ``"caller"`` if the
            process is in the foreground of its controlling terminal, or if that cannot be found
            out; else ``"own"``.
        check: raise what `CompletedHook.check` does.

    Called in the main thread, the hook is followed by a thread made for that, so that signals are
    handled meanwhile. When a handler raises, as that of Ctrl-C raises KeyboardInterrupt, the hook
    is killed first. The same is done in a daemon thread that gives ``output``: the interpreter does
    not end before such a hook.

    Raises:
        HooksError: the hook is none, or cannot be started (see ``errno``); it did not go well, and
        ``check`` is true. TypeError, ValueError: an argument is of another type, or JSON cannot
        hold it.
    """
    text, given = _arguments.json_text("hook", hook), _arguments.state_bytes(state)
    _arguments.switch("check", check)
    options = _options(directory, timeout, post_kill_timeout, capture_limit, stderr, output, cancel, process_group)
    options = options._replace(stdout=_arguments.descriptor("stdout", stdout))
    ran = _interruptibly(lambda descriptor: _ffi.exec_run(text, given, options._replace(cancel=descriptor)), options)
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
    """Passes a config through hooks: each reads what the one before it printed, byte for byte, and
    what it prints is the new config. A hook that fails, or prints no config, ends it; that is a
    result, unless ``check`` is true.

    Args:
        hooks: the hooks, such as ``result.extension_stage_hooks["precreate"]``; or a JSON array of
        them, as text. config: the container's OCI config: JSON text, or a mapping. directory,
        timeout, post_kill_timeout, capture_limit, stderr, output, cancel, process_group: as for
        `run`. A
            config longer than ``capture_limit`` is a failure.
        output_annotations: whether the annotations ``run.oci.hooks.stdout`` and
        ``run.oci.hooks.stderr`` of the config
            name files that the hooks' output is appended to. Who may set them may then have such
            files written.
        patches: whether to tell what each hook changed.
        check: raise what `FilterResult.check` does.

    The logger ``libhooks`` is told what each hook changed, too, at level DEBUG.

    Raises:
        HooksError: the config is none; or it did not get through, and ``check`` is true.
        TypeError, ValueError: an argument is of another type, or JSON cannot hold it.
    """
    hooks_text, text = _arguments.hooks_text(hooks), _arguments.json_text("config", config)
    for name, value in (("output_annotations", output_annotations), ("patches", patches), ("check", check)):
        _arguments.switch(name, value)
    log = _logger.isEnabledFor(logging.DEBUG)
    options = _options(directory, timeout, post_kill_timeout, capture_limit, stderr, output, cancel, process_group)
    options = options._replace(output_annotations=output_annotations, patches=patches or log)
    filtered = _interruptibly(
        lambda descriptor: _ffi.exec_filter(hooks_text, text, options._replace(cancel=descriptor)), options
    )
    data = json.loads(filtered.json)
    runs = tuple(CompletedHook._of(run, ran.stdout, ran.stderr) for run, ran in zip(data["hooks"], filtered.runs))
    failure = None if data["failure"] is None else _failure(data["failure"], filtered.message or b"")
    changes = data.get("patches") or ()
    for index, patch in enumerate(changes):
        if patch:
            _logger.debug("hook %d (%s) changed the config: %s", index, runs[index].path, json.dumps(patch))
    told = tuple(changes) if patches else None
    result: Union[FilterResult[str], FilterResult[bytes], FilterResult[dict[str, Any]]]
    if isinstance(config, str):
        result = FilterResult(filtered.config.decode(), runs, failure, told)
    elif isinstance(config, bytes):
        result = FilterResult(filtered.config, runs, failure, told)
    else:
        result = FilterResult(json.loads(filtered.config), runs, failure, told)
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


# There can be no thread more, or the interpreter is about to end.
_NO_THREAD = ("can't start new thread", "can't create new thread")


def _interruptibly(call: Callable[[int], _T], options: _ffi.RunOptions) -> _T:
    """What `call` gives, whose argument is the descriptor that ends it.

    Python handles signals in the main thread, and not while that is in the library. So there a
    thread is made for the call; when a handler raises, the call is ended first. So it is in a
    daemon thread where Python is called from within the library: when the interpreter ends, it ends
    such threads there and then, and the process would abort. """
    cancel, current = options.cancel, threading.current_thread()
    may_be_ended = current.daemon and options.output is not None
    if current is not threading.main_thread() and not may_be_ended:
        return call(cancel)
    future: Future[_T] = Future()
    # A shutdown of one end can be seen at the other: there that the call is to end, here that it
    # has. (A close could not, if another thread has forked since.)
    try:
        ours, theirs = socket.socketpair()
    except OSError as error:
        raise HooksError(
            f"no hook can be run: {error}", kind="io", code="start-failed", status=_ffi.IO, errno=error.errno
        ) from error

    def work() -> None:
        with theirs:
            if future.set_running_or_notify_cancel():
                try:
                    # The interpreter waits for the threads that there are when its main thread has
                    # ended.
                    if may_be_ended and not threading.main_thread().is_alive():
                        raise RuntimeError("a hook with an output function cannot be run while the interpreter ends")
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
            # Again and again: a signal that comes just before the system is asked does not wake it.
            while not ends.poll(100):
                pass
            # Where the call has ended, it is too late for this, and does nothing.
            ours.shutdown(socket.SHUT_RDWR)
            thread.join()
        except BaseException as error:
            # If it has not begun, it never will.
            if future.cancel():
                theirs.close()
                # A signal handler may raise such an error, too.
                if type(error) is RuntimeError and str(error).startswith(_NO_THREAD) and not may_be_ended:
                    return call(cancel)
            else:
                ours.shutdown(socket.SHUT_RDWR)
                thread.join()
            raise
    return future.result()
