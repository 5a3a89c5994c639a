"""Monitors, which reload hooks when their files change."""

from __future__ import annotations

import json
import os
import select
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, NoReturn, Optional

from . import _arguments, _ffi
from ._diagnostic import Diagnostic, path_of
from ._log import Log
from ._results import HooksError

if TYPE_CHECKING:
    import asyncio

# The system counts milliseconds in 32 bits.
_LONGEST = 3600.0


@dataclass(frozen=True)
class Change:
    """A change of a hook file.

    Attributes:
        kind: ``"added"`` (the file now provides a hook), ``"updated"`` (it provides a different
            hook), ``"removed"`` (it no longer provides a hook: it was deleted or has become
            invalid), ``"masked"`` (another file masks it), ``"unmasked"`` (it is used again),
            ``"problem"`` (a new problem of a file, of a directory or of the watching itself), or
            ``"resolved"`` (such a problem of a file or directory is gone). New kinds may be added.
        path: the file or directory, in the form of `os.fsdecode`.
        by: for ``"masked"``, the file that masks it.
        diagnostic: for ``"problem"`` and ``"resolved"``, the diagnostic.
    """

    kind: str
    path: str
    by: Optional[str] = None
    diagnostic: Optional[Diagnostic] = None

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Change:
        """Build an instance from the library's JSON."""
        return cls(
            kind=data["change"],
            path=path_of(data, "path") or "",
            by=path_of(data, "by"),
            diagnostic=Diagnostic._of(data["diagnostic"]) if "diagnostic" in data else None,
        )


Callback = Callable[[tuple[Change, ...]], object]


class _Watch:
    """The part of a monitor that its thread uses.

    The thread must not refer to the `Monitor`, which otherwise could never be garbage-collected.
    """

    def __init__(self, manager: _ffi.Manager, log: Log) -> None:
        self._manager = manager
        self._monitor = _ffi.Monitor(manager)
        self._log = log

    def end(self) -> bool:
        """End the monitor.

        Returns:
            Whether its thread will end. It does not in the child of a fork, which has no such
            thread.
        """
        if self._monitor.is_of_parent():
            self._monitor.free()
            return False
        self._monitor.cancel()
        return True

    def fileno(self) -> int:
        return self._monitor.fileno()

    def ready(self, deadline: Optional[float] = None) -> bool:
        """Wait until there is an event, or until the deadline.

        This waits here and not in the library: a signal does not interrupt the library, so
        KeyboardInterrupt could not be raised.
        """
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        # The main thread wakes up regularly: a signal that arrives just before poll() does not
        # interrupt it.
        longest = 1.0 if threading.current_thread() is threading.main_thread() else _LONGEST
        while True:
            left = (
                longest if deadline is None else min(longest, max(0.0, deadline - time.monotonic()))
            )
            # poll() rounds fractions up.
            if poll.poll(left * 1000):
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False

    def dispatch(self) -> bool:
        """Handle the events, and return whether the hooks or their problems changed."""
        changed = self._monitor.dispatch()
        if changed and self._log.is_wanted():
            self._log.new(tuple(map(Diagnostic._of, json.loads(self._manager.diagnostics()))))
        return changed

    def raised(self, error: HooksError) -> None:
        """Remember the diagnostics of an error that the caller receives, so that they are not
        logged.
        """
        self._log.raised(error.diagnostics)

    def changes(self, take: Callable[[list[Change]], None]) -> None:
        """Pass the changes to `take`; an interrupt before that loses none of them."""
        taken: list[Change] = []

        def read(text: bytes) -> None:
            changes = list(map(Change._of, json.loads(text)))
            take(changes)
            taken.extend(changes)

        self._monitor.changes(read)
        # `dispatch` does not log that inotify has failed.
        new = (change.diagnostic for change in taken if change.kind == "problem")
        self._log.more(problem for problem in new if problem is not None)

    def serve(self, take: Callable[[list[Change]], None]) -> bool:
        """Handle the events and pass the changes to `take`.

        Hooks that a strict manager rejects are among the changes, and do not end the monitor.

        Returns:
            False if the monitor has ended.
        """
        try:
            # Even if this changes nothing, another monitor of the manager may have changed
            # something.
            self.dispatch()
        except HooksError as error:
            if error.kind == "cancelled":
                return False
            if not error.diagnostics:
                raise
            self._log.new(error.diagnostics)
        self.changes(take)
        return True


def _follow(watch: _Watch, callback: Callback) -> None:
    """Run a monitor in its thread."""
    while True:
        watch.ready()
        changes: list[Change] = []
        if not watch.serve(changes.extend):
            return
        if not changes:
            continue
        try:
            callback(tuple(changes))
        except BaseException as error:
            threading.excepthook(
                threading.ExceptHookArgs(
                    (type(error), error, error.__traceback__, threading.current_thread())
                )
            )


class Monitor:
    """A monitor that watches the directories of a `Manager` and reloads its hooks when they change.

    `Manager.monitor` creates it. The manager and the monitor may be closed in any order.

    With a callback, a thread does everything. Without a callback, the caller's thread does it, in
    one of these ways:

    - ``for change in monitor`` and ``async for change in monitor`` yield each `Change`, and end
      when any thread closes the monitor. Hooks that a strict manager rejects are changes of kind
      ``"problem"``, and do not end the loop.
    - `wait` blocks until the hooks have changed, and `changes` returns the changes.
    - An event loop watches `fileno` for reading, and calls `dispatch`.

    Any number of threads may do so at once; each change goes to one of them. An interrupt, a
    timeout or the cancellation of a task leaves the monitor unchanged.

    The logger ``libhooks`` receives each new problem, as for `Manager.reload`.

    A monitor is a context manager, which closes it. A monitor that is not closed ends when nothing
    refers to it, not even its own callback; if it has a callback, this causes a ResourceWarning. In
    the child of a fork a monitor can only be closed, which does not affect the parent; everything
    else raises HooksError.
    """

    # None also if the constructor failed, or if a subclass did not call it.
    _watch: Optional[_Watch] = None
    _thread: Optional[threading.Thread] = None

    def __init__(self, manager: _ffi.Manager, log: Log, callback: Optional[Callback]) -> None:
        """Create the monitor; only for `Manager.monitor`."""
        watch = _Watch(manager, log)
        # A signal handler may run in the thread that holds the lock.
        self._lock = threading.RLock()
        self._pending: deque[Change] = deque()
        if callback is not None:
            thread = threading.Thread(
                target=_follow, args=(watch, callback), name="libhooks", daemon=True
            )
            try:
                thread.start()
            except BaseException:
                # After an interrupt, the thread may already be running.
                watch.end()
                raise
            self._thread = thread
        self._watch = watch

    # The functions are bound here, since the variables of a module may be gone when the interpreter
    # shuts down.
    def __del__(
        self,
        is_finalizing: Callable[[], bool] = sys.is_finalizing,
        warn: Callable[..., None] = warnings.warn,
    ) -> None:
        watch = self._watch
        # At the end of the interpreter the thread simply stops.
        if watch is None or is_finalizing():
            return
        # Do not wait for the thread: this may be the thread itself.
        if watch.end() and self._thread is not None:
            warn(f"unclosed {self!r}, which now stops watching", ResourceWarning, source=self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a monitor cannot be pickled or copied")

    def fileno(self) -> int:
        """Return a file descriptor that is readable when `dispatch` must be called.

        A call may find nothing to do. The caller must not read from the file descriptor. It is open
        as long as the monitor.

        Raises:
            RuntimeError: the monitor has a callback.
            ValueError: the monitor is closed.
        """
        return self._own().fileno()

    def dispatch(self) -> bool:
        """Handle the events, and reload the hooks if needed.

        This reads files, and does not block otherwise. The first change after a quiet time is
        handled at once. Changes within the next 20 ms are handled together, after 20 ms without a
        change, or after a second.

        Returns:
            Whether the hooks or their problems have changed.

        Raises:
            HooksError: as for `Manager.reload`, if the manager is strict. The old hooks stay in
                use, and the monitor continues.
            RuntimeError: the monitor has a callback.
            ValueError: the monitor is closed.
        """
        return self._dispatch(self._own())

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Wait until the hooks or their problems have changed, or until the timeout expires.

        Args:
            timeout: the timeout in seconds; None means no timeout.

        Returns:
            Whether the hooks or their problems have changed.

        Raises:
            HooksError, RuntimeError: as for `dispatch`.
            ValueError: the monitor is closed, possibly by another thread during the call.
            TypeError: the timeout is not a number.
        """
        milliseconds = _arguments.timeout_ms(timeout)
        deadline = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000
        watch = self._own()
        while watch.ready(deadline):
            if self._dispatch(watch):
                return True
        return False

    def changes(self) -> tuple[Change, ...]:
        """Return the changes since the last call, or since the monitor was created.

        They include changes found by any other reload.

        Raises:
            RuntimeError: the monitor has a callback.
            ValueError: the monitor is closed.
        """
        self._own().changes(self._keep)
        with self._lock:
            pending = tuple(self._pending)
            self._pending.clear()
        return pending

    def __iter__(self) -> Monitor:
        return self

    def __next__(self) -> Change:
        while (watch := self._unless_closed()) is not None:
            if (change := self._next()) is not None:
                return change
            watch.ready()
            watch.serve(self._keep)
        raise StopIteration

    def __aiter__(self) -> Monitor:
        return self

    async def __anext__(self) -> Change:
        while (watch := self._unless_closed()) is not None:
            if (change := self._next()) is not None:
                return change
            await _readable(watch.fileno())
            watch.serve(self._keep)
        raise StopAsyncIteration

    @property
    def closed(self) -> bool:
        """Whether the monitor is closed."""
        return self._watch is None

    def close(self) -> None:
        """End the monitor.

        The thread of the callback has ended when this returns, unless the callback itself calls
        this. Other threads stop waiting. The manager keeps its hooks. Closing again does nothing.
        """
        watch, self._watch = self._watch, None
        if watch is None or not watch.end():
            return
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def __enter__(self) -> Monitor:
        if self._watch is None:
            raise ValueError("the monitor is closed")
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = (
            "closed"
            if self._watch is None
            else "open"
            if self._thread is None
            else "open, with a callback"
        )
        return f"<{type(self).__module__}.{type(self).__qualname__} {state}>"

    def _unless_closed(self) -> Optional[_Watch]:
        """Return the watch for the caller's own thread, or None if the monitor is closed.

        The caller holds the reference, so another thread that closes the monitor does not free it.
        """
        if self._thread is not None:
            raise RuntimeError("the monitor has a callback, which receives the changes")
        return self._watch

    def _own(self) -> _Watch:
        watch = self._unless_closed()
        if watch is None:
            raise ValueError("the monitor is closed")
        return watch

    def _dispatch(self, watch: _Watch) -> bool:
        try:
            return watch.dispatch()
        except HooksError as error:
            if error.kind == "cancelled":
                raise ValueError("the monitor is closed") from None
            watch.raised(error)
            raise

    def _keep(self, changes: list[Change]) -> None:
        """Keep the changes, so that leaving a loop early loses none."""
        with self._lock:
            self._pending.extend(changes)

    def _next(self) -> Optional[Change]:
        with self._lock:
            return self._pending.popleft() if self._pending else None


async def _readable(descriptor: int) -> None:
    """Wait until a file descriptor is readable."""
    # This is not at the top, since it takes longer than the rest of the import.
    import asyncio  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    # An event loop allows one reader for each file descriptor. Another task or the program may
    # already have one for this.
    own = os.dup(descriptor)
    try:
        readable: asyncio.Future[None] = loop.create_future()
        loop.add_reader(own, _set, readable)
        try:
            await readable
        finally:
            loop.remove_reader(own)
    finally:
        os.close(own)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
