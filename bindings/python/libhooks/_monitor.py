"""Monitors: hooks that are reloaded when their files change."""

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

# The system counts milliseconds, in 32 bits.
_LONGEST = 3600.0


@dataclass(frozen=True)
class Change:
    """What happened to a hook file.

    Attributes:
        kind: ``"added"`` (it gives a hook, and did not before), ``"updated"`` (it gives another),
        ``"removed"`` (it
            gives none any more: it has gone, or turned bad), ``"masked"`` (another file hides it),
            ``"unmasked"`` (it is used again), or ``"problem"`` (there is one that was not there
            before; also of a directory, or of the watching itself). There may come more.
        path: the file or directory, as `os.fsdecode` gives it.
        by: of ``"masked"``: the file that hides it.
        diagnostic: of ``"problem"``: the problem.
    """

    kind: str
    path: str
    by: Optional[str] = None
    diagnostic: Optional[Diagnostic] = None

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Change:
        """That which the library describes as this JSON object."""
        return cls(
            kind=data["change"],
            path=path_of(data, "path") or "",
            by=path_of(data, "by"),
            diagnostic=Diagnostic._of(data["diagnostic"]) if "diagnostic" in data else None,
        )


Callback = Callable[[tuple[Change, ...]], object]


class _Watch:
    """What there is of a monitor in its thread, which must not refer to the monitor: that could
    never be dropped."""

    def __init__(self, manager: _ffi.Manager, log: Log) -> None:
        self._manager = manager
        self._monitor = _ffi.Monitor(manager)
        self._log = log

    def end(self) -> bool:
        """Ends it, and says whether there is an end of its thread to be waited for: not in the
        child of a fork."""
        if self._monitor.is_of_parent():
            self._monitor.free()
            return False
        self._monitor.cancel()
        return True

    def fileno(self) -> int:
        return self._monitor.fileno()

    def ready(self, deadline: Optional[float] = None) -> bool:
        """Waits until there is something to be dealt with, here and not in the library: that no
        signal ends, so KeyboardInterrupt could not be raised."""
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        # Again and again in the thread of the signals: one that comes just before the system is
        # asked does not wake it.
        longest = 1.0 if threading.current_thread() is threading.main_thread() else _LONGEST
        while True:
            left = longest if deadline is None else min(longest, max(0.0, deadline - time.monotonic()))
            # Rounded up, as poll does with what is no whole number.
            if poll.poll(left * 1000):
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False

    def dispatch(self) -> bool:
        """Deals with it, and says whether there are other hooks or problems."""
        changed = self._monitor.dispatch()
        if changed and self._log.is_wanted():
            self._log.new(tuple(map(Diagnostic._of, json.loads(self._manager.diagnostics()))))
        return changed

    def raised(self, error: HooksError) -> None:
        """The caller gets to know the error of `dispatch`, so it need not be logged."""
        self._log.raised(error.diagnostics)

    def changes(self, take: Callable[[list[Change]], None]) -> None:
        """Hands over the changes. An interrupt loses none of them before they are taken."""
        taken: list[Change] = []

        def read(text: bytes) -> None:
            changes = list(map(Change._of, json.loads(text)))
            take(changes)
            taken.extend(changes)

        self._monitor.changes(read)
        # What `dispatch` does not know of: that the system refuses to watch.
        self._log.more(change.diagnostic for change in taken if change.diagnostic is not None)

    def serve(self, take: Callable[[list[Change]], None]) -> bool:
        """Deals with it, and hands over the changes; False at the end. Hooks that are refused are
        among them, and no end."""
        try:
            # If it has changed nothing, another monitor of the manager may have.
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
    """What a monitor's thread does."""
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
                threading.ExceptHookArgs((type(error), error, error.__traceback__, threading.current_thread()))
            )


class Monitor:
    """Watches the directories of a `Manager`, and reloads its hooks when they change. Made by
    `Manager.monitor`; either may be closed first.

    With a callback, a thread does all that. Without, it is done in the thread that asks, in one of
    these ways:

    - ``for change in monitor`` and ``async for change in monitor`` give each `Change`, and end when
    the monitor is
      closed, by whatever thread. Hooks that a strict manager refuses are changes of kind
      ``"problem"``; they end nothing.
    - `wait` blocks until there are other hooks, and `changes` tells of them.
    - An event loop watches `fileno` for reading, and calls `dispatch`.

    Any number of threads may do so at once; each change is for one of them. An interrupt, a timeout
    and the cancellation of a task leave the monitor as it was.

    The logger ``libhooks`` is told of each new problem, as by `Manager.reload`.

    It is a context manager, which closes it. One that is not closed ends when nothing refers to it,
    a callback of its own included; if it has a callback, that is a ResourceWarning. In the child of
    a fork it can only be closed, which the parent does not notice; all else raises HooksError. """

    # Of one whose making failed, or was left out by a subclass, too.
    _watch: Optional[_Watch] = None
    _thread: Optional[threading.Thread] = None

    def __init__(self, manager: _ffi.Manager, log: Log, callback: Optional[Callback]) -> None:
        """For `Manager.monitor` alone."""
        watch = _Watch(manager, log)
        # A signal handler may be called by the thread that has the lock.
        self._lock = threading.RLock()
        self._pending: deque[Change] = deque()
        if callback is not None:
            thread = threading.Thread(target=_follow, args=(watch, callback), name="libhooks", daemon=True)
            try:
                thread.start()
            except BaseException:
                # An interrupt may have come when it runs already.
                watch.end()
                raise
            self._thread = thread
        self._watch = watch

    # The functions are bound here, since a module's variables may be gone when the interpreter
    # ends.
    def __del__(
        self, is_finalizing: Callable[[], bool] = sys.is_finalizing, warn: Callable[..., None] = warnings.warn
    ) -> None:
        watch = self._watch
        # At the end of the interpreter the thread just stops.
        if watch is None or is_finalizing():
            return
        # There is nobody to wait for the thread: it may be this one.
        if watch.end() and self._thread is not None:
            warn(f"{self!r} was dropped, so nothing is watched any more", ResourceWarning, source=self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a monitor cannot be pickled or copied")

    def fileno(self) -> int:
        """The descriptor that can be read from when `dispatch` has something to do, which may be
        nothing. It must not be read, and is open as long as the monitor.

        Raises:
            RuntimeError: the monitor has a callback.
            ValueError: it is closed.
        """
        return self._own().fileno()

    def dispatch(self) -> bool:
        """Deals with what has happened to the files: reloads the hooks if they are to be. It reads
        files, and does not block otherwise. A change after a quiet time is served at once; what
        follows within 20 ms is served together, once 20 ms were quiet (or after a second).

        Returns:
            Whether there are other hooks, or other problems, than before.

        Raises:
            HooksError: what `Manager.reload` raises, if the manager is strict; the old hooks stay,
            and the monitor goes
                on.
            RuntimeError: the monitor has a callback.
            ValueError: it is closed.
        """
        return self._dispatch(self._own())

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Waits until there are other hooks, or other problems, or until the time is over.

        Args:
            timeout: the time in seconds; None: for ever.

        Returns:
            Whether there are.

        Raises:
            HooksError, RuntimeError: as `dispatch`.
            ValueError: it is closed, be it meanwhile.
            TypeError: the timeout is no number.
        """
        milliseconds = _arguments.timeout_ms(timeout)
        deadline = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000
        watch = self._own()
        while watch.ready(deadline):
            if self._dispatch(watch):
                return True
        return False

    def changes(self) -> tuple[Change, ...]:
        """What is different from when this was asked last (at first: from when the monitor was
        made), whoever reloaded the hooks.

        Raises:
            RuntimeError: the monitor has a callback.
            ValueError: it is closed.
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
        """Whether it was closed."""
        return self._watch is None

    def close(self) -> None:
        """Ends it: the thread of the callback has ended when this returns, unless it is the
        callback that calls this; whoever waits in another thread stops to. The manager keeps its
        hooks. Closing again does nothing."""
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
        state = "closed" if self._watch is None else "open" if self._thread is None else "open, with a callback"
        return f"<{type(self).__module__}.{type(self).__qualname__} {state}>"

    def _unless_closed(self) -> Optional[_Watch]:
        """What the caller may use, and holds, so a close in another thread does not free it under
        them."""
        if self._thread is not None:
            raise RuntimeError("the monitor has a callback, which is told of the changes")
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
        """Keeps all of them, so that whoever leaves a loop in the middle has lost none."""
        with self._lock:
            self._pending.extend(changes)

    def _next(self) -> Optional[Change]:
        with self._lock:
            return self._pending.popleft() if self._pending else None


async def _readable(descriptor: int) -> None:
    """Waits until a descriptor can be read from."""
    # Here, since it takes longer than all the rest of the import.
    import asyncio  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    # A loop has one reader of a descriptor: another task, or the program, may have one of that.
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
