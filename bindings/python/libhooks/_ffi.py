"""Find, load and call the C library.

Only this module uses ctypes and pointers. Strings are passed as bytes, and errors are returned as
`HooksError`. hooks.h describes the functions; this module has their names and conventions: an
output is NULL until it is written, and freeing NULL does nothing, so all outputs can be freed in
any case.

ctypes releases the GIL during calls, so they run in parallel with each other and with other threads
of the program.
"""

from __future__ import annotations

import ctypes
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import (
    CFUNCTYPE,
    POINTER,
    byref,
    c_bool,
    c_char_p,
    c_int,
    c_int64,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any, Callable, NamedTuple, NoReturn, Optional

from ._results import HooksError

SONAME = "libhooks.so.0"
# The oldest library with all functions that this module calls.
REQUIRED = (0, 1, 0)
# hooks.h: HOOKS_POLICY_...
COMPATIBLE, STRICT, LENIENT = 0, 1, 2
# hooks.h: HOOKS_BIND_MOUNTS_DETECT
DETECT = -1
# hooks.h: HOOKS_STATUS_...
INVALID_ARGUMENT, IO = -1, -4
# hooks.h: HOOKS_GROUP_...
GROUPS = {"auto": 0, "own": 1, "caller": 2}
# hooks.h: HOOKS_STREAM_...
STREAMS = {1: "stdout", 2: "stderr"}

# The type of a returned string is c_void_p: ctypes would convert a c_char_p to bytes, and lose the
# pointer that must be freed.
_STRING = c_char_p
_STRINGS = (POINTER(c_char_p), c_size_t)
_OUT = POINTER(c_void_p)
_OUTPUT_FN = CFUNCTYPE(c_int, c_void_p, c_int, c_void_p, c_size_t)
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "hooks_version": (c_char_p, ()),
    "hooks_error_json": (c_char_p, (c_void_p,)),
    "hooks_error_free": (None, (c_void_p,)),
    "hooks_string_free": (None, (c_void_p,)),
    "hooks_options_new": (c_void_p, ()),
    "hooks_options_set_policy": (c_int, (c_void_p, c_int)),
    "hooks_options_set_keep_last_good": (c_int, (c_void_p, c_int)),
    "hooks_options_set_root": (c_int, (c_void_p, _STRING)),
    "hooks_options_free": (None, (c_void_p,)),
    "hooks_manager_new": (c_int, (*_STRINGS, *_STRINGS, c_void_p, _OUT, _OUT)),
    "hooks_manager_hooks": (c_int, (c_void_p, _STRING, _STRING, c_int, _OUT, _OUT, _OUT)),
    "hooks_manager_explain": (c_int, (c_void_p, _STRING, _STRING, c_int, _OUT, _OUT)),
    "hooks_manager_list": (c_int, (c_void_p, _OUT, _OUT)),
    "hooks_manager_diagnostics": (c_int, (c_void_p, _OUT, _OUT)),
    "hooks_manager_reload": (c_int, (c_void_p, _OUT)),
    "hooks_manager_generation": (c_uint64, (c_void_p,)),
    "hooks_manager_free": (None, (c_void_p,)),
    "hooks_monitor_new": (c_int, (c_void_p, _OUT, _OUT)),
    "hooks_monitor_fd": (c_int, (c_void_p,)),
    "hooks_monitor_dispatch": (c_int, (c_void_p, POINTER(c_bool), _OUT)),
    "hooks_monitor_changes": (c_int, (c_void_p, _OUT, _OUT)),
    "hooks_monitor_cancel": (c_int, (c_void_p,)),
    "hooks_monitor_free": (None, (c_void_p,)),
    "hooks_read_file": (c_int, (_STRING, *_STRINGS, _OUT, _OUT)),
    "hooks_read_dir": (c_int, (_STRING, *_STRINGS, _OUT, _OUT)),
    "hooks_read_file_with_options": (c_int, (_STRING, *_STRINGS, c_void_p, _OUT, _OUT)),
    "hooks_read_dir_with_options": (c_int, (_STRING, *_STRINGS, c_void_p, _OUT, _OUT)),
    "hooks_validate": (c_int, (_STRING, *_STRINGS, _OUT)),
    "hooks_when_match": (c_int, (_STRING, _STRING, _STRING, c_int, POINTER(c_bool), _OUT)),
    "hooks_exec_options_new": (c_void_p, ()),
    "hooks_exec_options_set_dir": (c_int, (c_void_p, _STRING)),
    "hooks_exec_options_set_timeout_ms": (c_int, (c_void_p, c_int64)),
    "hooks_exec_options_set_post_kill_timeout_ms": (c_int, (c_void_p, c_int64)),
    "hooks_exec_options_set_capture_limit": (c_int, (c_void_p, c_size_t)),
    "hooks_exec_options_set_output_fds": (c_int, (c_void_p, c_int, c_int)),
    "hooks_exec_options_set_output_fn": (c_int, (c_void_p, _OUTPUT_FN, c_void_p)),
    "hooks_exec_options_set_cancel_fd": (c_int, (c_void_p, c_int)),
    "hooks_exec_options_set_output_annotations": (c_int, (c_void_p, c_int)),
    "hooks_exec_options_set_process_group": (c_int, (c_void_p, c_int)),
    "hooks_exec_options_set_patches": (c_int, (c_void_p, c_int)),
    "hooks_exec_options_free": (None, (c_void_p,)),
    "hooks_exec_run": (c_int, (_STRING, c_void_p, c_size_t, c_void_p, _OUT, _OUT)),
    "hooks_exec_result_json": (c_char_p, (c_void_p,)),
    "hooks_exec_result_stdout": (c_void_p, (c_void_p, POINTER(c_size_t))),
    "hooks_exec_result_stderr": (c_void_p, (c_void_p, POINTER(c_size_t))),
    "hooks_exec_result_free": (None, (c_void_p,)),
    "hooks_exec_filter": (c_int, (_STRING, _STRING, c_void_p, _OUT, _OUT)),
    "hooks_filter_result_message": (c_char_p, (c_void_p,)),
    "hooks_filter_result_json": (c_char_p, (c_void_p,)),
    "hooks_filter_result_config": (c_char_p, (c_void_p,)),
    "hooks_filter_result_count": (c_size_t, (c_void_p,)),
    "hooks_filter_result_hook": (c_void_p, (c_void_p, c_size_t)),
    "hooks_filter_result_free": (None, (c_void_p,)),
}


def _load() -> ctypes.CDLL:
    """Load the library from LIBHOOKS_PATH, from the package, or from the system.

    If one of them exists and cannot be loaded, that is an error: the next one would not be the
    intended library.
    """
    bundled = os.path.join(os.path.dirname(os.path.abspath(__file__)), SONAME)
    named = os.environ.get("LIBHOOKS_PATH")
    if named:
        # The path must be absolute: the loader would search for a plain file name, and not in the
        # working directory.
        path, origin = os.path.abspath(named), "set by LIBHOOKS_PATH"
    elif os.path.lexists(bundled):
        path, origin = bundled, "part of the package"
    else:
        path, origin = SONAME, "from the system"
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        if path == SONAME:
            message = (
                f"cannot find the library {SONAME}. Tried: LIBHOOKS_PATH (not set), {bundled} "
                f"(does not exist), the system's libraries ({error}). Install a wheel of libhooks, "
                f"which contains it (pip install libhooks), or the library itself (make install in "
                f"the source of libhooks, then ldconfig), or set LIBHOOKS_PATH to its file"
            )
        else:
            message = f"{path} cannot be loaded ({origin}): {error}"
        raise ImportError(message, name="libhooks", path=path) from error
    _declare(library, path, origin)
    return library


def _declare(library: ctypes.CDLL, path: str, origin: str) -> None:
    """Declare the functions to ctypes; a library without one of them is an error."""
    needs = "libhooks {}.{}.{} or later of that major version is needed".format(*REQUIRED)
    try:
        library.hooks_version_number.restype = c_uint32
        library.hooks_version_number.argtypes = ()
        number = library.hooks_version_number()
    except AttributeError:
        raise ImportError(
            f"{path} is not libhooks ({origin}); {needs}", name="libhooks", path=path
        ) from None
    found = (number >> 16, number >> 8 & 0xFF, number & 0xFF)
    # The file may have another SONAME, which would identify its functions.
    if found < REQUIRED or found[0] != REQUIRED[0]:
        have = "{}.{}.{}".format(*found)
        raise ImportError(
            f"{path} is libhooks {have} ({origin}); {needs}", name="libhooks", path=path
        )
    try:
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = arguments
    except AttributeError as error:
        raise ImportError(
            f"{path} is incomplete ({origin}): {error}", name="libhooks", path=path
        ) from None


# The library is loaded at import, since programs expect ImportError there if something is not
# installed. Threads and the child of a fork then have nothing to set up.
_library = _load()


def _call(
    function: Callable[..., int], *arguments: object, outputs: int = 0
) -> tuple[Optional[HooksError], list[Optional[bytes]]]:
    """Call a function whose last parameters are string outputs and the error output.

    Returns:
        The error, and the strings.
    """
    strings = [c_void_p() for _ in range(outputs)]
    err = c_void_p()
    try:
        status = function(*arguments, *map(byref, strings), byref(err))
        error = None
        if status != 0:
            text = _library.hooks_error_json(err)
            if text is None:
                error = HooksError(
                    "the library returned an error without details: this is a bug in libhooks",
                    kind="panic",
                    code="panic",
                    status=status,
                )
            else:
                error = HooksError._of(status, json.loads(text))
        return error, [
            None if text.value is None else ctypes.string_at(text.value) for text in strings
        ]
    finally:
        for text in strings:
            _library.hooks_string_free(text)
        _library.hooks_error_free(err)


def _checked_call(
    function: Callable[..., int], *arguments: object, outputs: int = 0
) -> list[bytes]:
    """Call a function like `_call`, but raise the error and return only the strings."""
    error, strings = _call(function, *arguments, outputs=outputs)
    if error is not None:
        try:
            raise error
        finally:
            # The error refers to this frame. Without this, the cycle would keep both, and the
            # caller's object, until the next garbage collection.
            del error
    return [text for text in strings if text is not None]


def _array(strings: Sequence[bytes]) -> tuple[Any, int]:
    return (c_char_p * len(strings))(*strings), len(strings)


class Manager:
    """A manager of the library, freed with this object.

    Every caller holds a reference to it, so it cannot be freed during a call. No lock is needed,
    which another thread could hold while this process forks.
    """

    # None if an interrupt stopped the construction.
    _pointer: Optional[c_void_p] = None

    def __init__(
        self,
        directories: Sequence[bytes],
        stages: Sequence[bytes],
        policy: int,
        keep_last_good: bool,
        root: Optional[bytes],
    ) -> None:
        self._pointer = c_void_p()
        options = c_void_p(_library.hooks_options_new())
        try:
            # If a setting were ignored, the manager would not be strict.
            if _library.hooks_options_set_policy(options, policy) != 0:
                raise RuntimeError(f"libhooks does not accept policy {policy}")
            if _library.hooks_options_set_keep_last_good(options, keep_last_good) != 0:
                raise RuntimeError("libhooks does not accept keep_last_good")
            # After a failure, the next call with these options fails with the error.
            _library.hooks_options_set_root(options, root)
            _checked_call(
                _library.hooks_manager_new,
                *_array(directories),
                *_array(stages),
                options,
                byref(self._pointer),
            )
        finally:
            _library.hooks_options_free(options)

    # The function is bound here, since the variables of a module may be gone when the interpreter
    # shuts down.
    def __del__(
        self, free: Callable[[Optional[c_void_p]], None] = _library.hooks_manager_free
    ) -> None:
        free(self._pointer)

    # Two objects would both free the manager.
    def __reduce__(self) -> NoReturn:
        raise TypeError("a manager cannot be pickled or copied")

    def hooks(
        self, config: bytes, annotations: Optional[bytes], has_bind_mounts: int
    ) -> tuple[bytes, bytes]:
        injected, stage_hooks = _checked_call(
            _library.hooks_manager_hooks,
            self._pointer,
            config,
            annotations,
            has_bind_mounts,
            outputs=2,
        )
        return injected, stage_hooks

    def explain(self, config: bytes, annotations: Optional[bytes], has_bind_mounts: int) -> bytes:
        function = _library.hooks_manager_explain
        return _checked_call(
            function, self._pointer, config, annotations, has_bind_mounts, outputs=1
        )[0]

    def list(self) -> bytes:
        return _checked_call(_library.hooks_manager_list, self._pointer, outputs=1)[0]

    def diagnostics(self) -> bytes:
        return _checked_call(_library.hooks_manager_diagnostics, self._pointer, outputs=1)[0]

    def reload(self) -> None:
        _checked_call(_library.hooks_manager_reload, self._pointer)

    def generation(self) -> int:
        generation: int = _library.hooks_manager_generation(self._pointer)
        return generation


class Monitor:
    """A monitor of the library, freed with this object: as for `Manager`, never during a call.

    In the child of a fork it can only be freed.
    """

    # None if an interrupt stopped the construction, or if it was freed early.
    _pointer: Optional[c_void_p] = None

    def __init__(self, manager: Manager) -> None:
        # Only one thread may use the monitor at a time. A signal handler may run in the thread that
        # holds the lock, but that thread is not in the library then.
        self._lock = threading.RLock()
        self._process = os.getpid()
        # Changes that the library has returned but nobody has taken: an interrupt may come in
        # between.
        self._untaken = c_void_p()
        self._pointer = c_void_p()
        _checked_call(_library.hooks_monitor_new, manager._pointer, byref(self._pointer))

    def __del__(self) -> None:
        self.free()

    # The functions are bound here, since the variables of a module may be gone when the interpreter
    # shuts down.
    def free(
        self,
        free: Callable[[Optional[c_void_p]], None] = _library.hooks_monitor_free,
        free_string: Callable[[Optional[c_void_p]], None] = _library.hooks_string_free,
    ) -> None:
        """Free the monitor early; only for the child of a fork.

        If a thread of the parent refers to the monitor, that reference never goes away in the
        child.
        """
        # In a child, the lock may belong to a thread that was inside the library. The monitor may
        # then be in an inconsistent state, so it cannot be freed, and the lock is never released.
        if self._pointer is not None and self._lock.acquire(blocking=False):
            try:
                pointer, self._pointer = self._pointer, None
                free(pointer)
                self._free_changes(free_string)
            finally:
                self._lock.release()

    # Two objects would both free the monitor.
    def __reduce__(self) -> NoReturn:
        raise TypeError("a monitor cannot be pickled or copied")

    def is_of_parent(self) -> bool:
        return os.getpid() != self._process

    def fileno(self) -> int:
        self._check_process()
        descriptor: int = _library.hooks_monitor_fd(self._pointer)
        return descriptor

    def dispatch(self) -> bool:
        self._check_process()
        reloaded = c_bool()
        with self._lock:
            _checked_call(_library.hooks_monitor_dispatch, self._pointer, byref(reloaded))
        return reloaded.value

    def changes(self, take: Callable[[bytes], None]) -> None:
        """Pass the changes to `take`.

        If `take` raises or is interrupted, the changes are passed again the next time.
        """
        self._check_process()
        with self._lock:
            while True:
                is_new = not self._untaken
                if is_new:
                    _checked_call(
                        _library.hooks_monitor_changes, self._pointer, byref(self._untaken)
                    )
                take(ctypes.string_at(self._untaken))
                self._free_changes(_library.hooks_string_free)
                if is_new:
                    return

    def _free_changes(self, free: Callable[[Optional[c_void_p]], None]) -> None:
        # An interrupt here may leak the changes, but they are not freed twice.
        untaken, self._untaken = self._untaken, c_void_p()
        free(untaken)

    def cancel(self) -> None:
        _library.hooks_monitor_cancel(self._pointer)

    def _check_process(self) -> None:
        # The library checks this, too, but the lock would have to be taken first.
        if self.is_of_parent():
            raise HooksError(
                "the monitor belongs to the parent process; "
                "after fork() the child may only close it",
                kind="invalid-argument",
                code="invalid-argument",
                status=INVALID_ARGUMENT,
            )


def version() -> str:
    text: bytes = _library.hooks_version()
    return text.decode()


@contextmanager
def _options_in(root: Optional[bytes]) -> Iterator[c_void_p]:
    """Create options with this root. A function that takes them fails if it cannot be opened."""
    options = c_void_p(_library.hooks_options_new())
    try:
        _library.hooks_options_set_root(options, root)
        yield options
    finally:
        _library.hooks_options_free(options)


def read_file(path: bytes, stages: Sequence[bytes], root: Optional[bytes]) -> bytes:
    function = _library.hooks_read_file_with_options
    with _options_in(root) as options:
        error, strings = _call(function, path, *_array(stages), options, outputs=1)
    if error is not None:
        raise error
    assert strings[0] is not None
    return strings[0]


def read_dir(
    path: bytes, stages: Sequence[bytes], root: Optional[bytes]
) -> tuple[Optional[HooksError], Optional[bytes]]:
    """Return the error and a list as `Manager.list` returns it."""
    function = _library.hooks_read_dir_with_options
    with _options_in(root) as options:
        error, strings = _call(function, path, *_array(stages), options, outputs=1)
    return error, strings[0]


def validate(hook: bytes, stages: Sequence[bytes]) -> None:
    _checked_call(_library.hooks_validate, hook, *_array(stages))


def when_match(
    when: bytes, config: bytes, annotations: Optional[bytes], has_bind_mounts: int
) -> bool:
    match = c_bool()
    _checked_call(
        _library.hooks_when_match, when, config, annotations, has_bind_mounts, byref(match)
    )
    return match.value


class RunOptions(NamedTuple):
    """The options of a run; a missing file descriptor is -1."""

    directory: Optional[bytes]
    timeout_ms: int
    post_kill_timeout_ms: int
    capture_limit: int
    stdout: int
    stderr: int
    output: Optional[Callable[[str, bytes], object]]
    cancel: int
    process_group: int = 0
    output_annotations: bool = False
    patches: bool = False


@contextmanager
def _exec_options(options: RunOptions) -> Iterator[c_void_p]:
    """Create the library's options.

    An exception of the caller's output callback is raised at the end, since it cannot pass through
    the library.
    """
    raised: list[BaseException] = []

    def pass_on(_userdata: object, stream: int, data: int, length: int) -> int:
        try:
            if options.output is not None:
                options.output(STREAMS[stream], ctypes.string_at(data, length))
        except BaseException as error:
            raised.append(error)
            return 1
        return 0

    pointer = c_void_p(_library.hooks_exec_options_new())
    try:
        settings: dict[str, tuple[object, ...]] = {
            "dir": (options.directory,),
            "timeout_ms": (options.timeout_ms,),
            "post_kill_timeout_ms": (options.post_kill_timeout_ms,),
            "capture_limit": (options.capture_limit,),
            "output_fds": (options.stdout, options.stderr),
            "output_fn": (_OUTPUT_FN() if options.output is None else _OUTPUT_FN(pass_on), None),
            "cancel_fd": (options.cancel,),
            "process_group": (options.process_group,),
            "output_annotations": (options.output_annotations,),
            "patches": (options.patches,),
        }
        for name, values in settings.items():
            if getattr(_library, f"hooks_exec_options_set_{name}")(pointer, *values) != 0:
                raise RuntimeError(f"libhooks does not accept {name} {values}")
        yield pointer
        if raised:
            raise raised[0]
    finally:
        _library.hooks_exec_options_free(pointer)


# The largest size that ctypes.string_at() copies at once: it uses a C int.
PIECE = 1 << 30


class Ran(NamedTuple):
    """The result of a hook: the JSON, and the output as bytes, which JSON cannot hold."""

    json: bytes
    stdout: bytes
    stderr: bytes


def _ran(result: c_void_p) -> Ran:
    def stream(function: Callable[..., int]) -> bytes:
        length = c_size_t()
        data = function(result, byref(length))
        pieces = range(0, length.value, PIECE)
        return b"".join(ctypes.string_at(data + at, min(PIECE, length.value - at)) for at in pieces)

    return Ran(
        _library.hooks_exec_result_json(result),
        stream(_library.hooks_exec_result_stdout),
        stream(_library.hooks_exec_result_stderr),
    )


def exec_run(hook: bytes, state: bytes, options: RunOptions) -> Ran:
    result = c_void_p()
    try:
        with _exec_options(options) as pointer:
            _checked_call(_library.hooks_exec_run, hook, state, len(state), pointer, byref(result))
        return _ran(result)
    finally:
        _library.hooks_exec_result_free(result)


class Filtered(NamedTuple):
    """The result of a filter."""

    message: Optional[bytes]
    json: bytes
    config: bytes
    runs: Sequence[Ran]


def exec_filter(hooks: bytes, config: bytes, options: RunOptions) -> Filtered:
    result = c_void_p()
    try:
        with _exec_options(options) as pointer:
            _checked_call(_library.hooks_exec_filter, hooks, config, pointer, byref(result))
        count = _library.hooks_filter_result_count(result)
        return Filtered(
            _library.hooks_filter_result_message(result),
            _library.hooks_filter_result_json(result),
            _library.hooks_filter_result_config(result),
            [
                _ran(c_void_p(_library.hooks_filter_result_hook(result, index)))
                for index in range(count)
            ],
        )
    finally:
        _library.hooks_filter_result_free(result)
