"""Monitors: each of the ways in which they end."""

from __future__ import annotations

import copy
import functools
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from queue import Queue
from typing import Any, Callable, Optional

import pytest
from conftest import Put, Python, Write
from monitors import LONG, USES, Changes, descriptors, next_in_loop, summary, threads, waiting

import libhooks
from libhooks import HooksError, _ffi

pytestmark = pytest.mark.usefixtures("collected")


def test_close_ends_waiting_threads(hooks_d: Path) -> None:
    with libhooks.Manager([hooks_d]) as manager:
        for work, result in ((list, []), (lambda monitor: monitor.wait(), ValueError)):
            inside = threading.Event()
            monitor = manager.monitor()
            ready = monitor._watch.ready  # type: ignore[union-attr]

            def report(
                deadline: Optional[float] = None,
                inside: threading.Event = inside,
                ready: Callable[..., bool] = ready,
            ) -> bool:
                inside.set()
                return ready(deadline)

            monitor._watch.ready = report  # type: ignore[union-attr, method-assign]
            thread, out = waiting(functools.partial(work, monitor))
            assert inside.wait(LONG)
            monitor.close()
            found = out.get(timeout=LONG)
            assert found == result or type(found) is result
            thread.join()


# Waits in the main thread in one of the ways, and prints how that ended.
INTERRUPTED = """
import signal, sys
import libhooks

class Stop(Exception):
    pass

def stop(number, frame):
    raise Stop

signal.signal(signal.SIGTERM, stop)
monitor = libhooks.Manager([sys.argv[1]]).monitor()
monitor.wait(0)
try:
    print("waiting", flush=True)
    ways = {
        "wait": monitor.wait,
        "for": lambda: list(monitor),
        "timeout": lambda: monitor.wait(1e9),
    }
    ways[sys.argv[2]]()
except (KeyboardInterrupt, Stop) as error:
    print(type(error).__name__, monitor.closed, monitor.wait(0))
"""


@pytest.mark.parametrize("way", ["wait", "for", "timeout"])
@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "Stop")]
)
def test_an_interrupt_ends_a_wait(
    way: str, number: signal.Signals, name: str, library: Path, hooks_d: Path
) -> None:
    program = [sys.executable, "-c", INTERRUPTED, str(hooks_d), way]
    env = {
        **os.environ,
        "PYTHONPATH": str(Path(libhooks.__file__).parents[1]),
        "LIBHOOKS_PATH": str(library),
    }
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        assert process.stdout.read() == f"{name} False False\n"
    assert process.returncode == 0


def test_the_manager_may_be_closed_first(put: Put, path: Path) -> None:
    queue: Queue[Changes] = Queue()
    manager = libhooks.Manager([path.parent])
    with manager.monitor(queue.put), manager.monitor() as monitor:
        manager.close()
        put("b.json")
        assert summary(queue.get(timeout=LONG)) == [("added", "b.json")]
        assert summary((next(monitor),)) == [("added", "b.json")]


def test_many_monitors_leak_nothing(hooks_d: Path) -> None:
    with libhooks.Manager([hooks_d]) as manager:
        gc.collect()
        gc.disable()
        try:
            before = descriptors()
            for index in range(300):
                with manager.monitor(None if index % 3 == 0 else str) as monitor:
                    if index % 3 == 0:
                        monitor.dispatch()
            del monitor
            assert threads() == []
            assert descriptors() == before
        finally:
            gc.enable()


def test_a_monitor_without_references_is_freed(hooks_d: Path) -> None:
    before = descriptors()
    with libhooks.Manager([hooks_d]) as manager:
        quiet = manager.monitor()
        gone = weakref.ref(quiet)
        del quiet
        assert gone() is None
        assert descriptors() == before
        monitor = manager.monitor(str)
        gone = weakref.ref(monitor)
        (thread,) = threads()
        with pytest.warns(ResourceWarning, match="^unclosed <.* open, with a callback>, which now"):
            del monitor
        assert gone() is None
        thread.join(LONG)
        assert not thread.is_alive()
        assert descriptors() == before


def test_a_failed_constructor_leaks_nothing(
    hooks_d: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    before = descriptors()

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with libhooks.Manager([hooks_d]) as manager:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", refuse)
            with pytest.raises(RuntimeError, match="can't start"):
                manager.monitor(str)
        gc.collect()
        assert descriptors() == before

    class Forgetful(libhooks.Monitor):
        def __init__(self) -> None:
            pass

    assert Forgetful().closed
    Forgetful().close()
    assert list(Forgetful()) == []
    _ffi.Monitor.__new__(_ffi.Monitor).__del__()
    assert capfd.readouterr() == ("", "")


def test_a_monitor_cannot_be_copied(hooks_d: Path) -> None:
    with libhooks.Manager([hooks_d]) as manager, manager.monitor() as monitor:
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            for thing in (monitor, monitor._watch._monitor):  # type: ignore[union-attr]
                with pytest.raises(TypeError, match="cannot be pickled or copied"):
                    copied(thing)


def in_child(work: Callable[[], object]) -> int:
    """Do `work` in the child of a fork, and return its wait status: 0 if all went well, a signal if
    it hangs.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(60)
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


def test_the_child_of_a_fork_can_only_close_a_monitor(put: Put, path: Path) -> None:
    queue: Queue[Changes] = Queue()
    before = descriptors()
    manager = libhooks.Manager([path.parent])
    asked, followed, dropped = (
        manager.monitor(),
        manager.monitor(queue.put),
        [manager.monitor(), manager.monitor()],
    )

    def child() -> None:
        for use in (*USES, next, libhooks.Monitor.wait, next_in_loop):
            with pytest.raises(HooksError, match="belongs to the parent process") as caught:
                use(asked)
            assert (caught.value.kind, caught.value.code, caught.value.status) == (
                "invalid-argument",
            ) * 2 + (-1,)
        for monitor in (asked, followed):
            monitor.close()
            monitor.close()
            assert monitor.closed
        dropped.clear()
        assert descriptors() == before

    watch: Any = followed._watch
    # With the lock held, its thread is not inside the library.
    with watch._monitor._lock:
        assert in_child(child) == 0
    for name in ("b.json", "c.json"):
        put(name)
        while ("added", name) not in summary(queue.get(timeout=LONG)):
            pass
        while ("added", name) not in summary(asked.changes()):
            asked.wait(LONG)
    followed.close()
    asked.close()


def test_a_fork_during_a_call_does_not_hang_the_child(hooks_d: Path) -> None:
    locked, go_on = threading.Event(), threading.Event()
    with libhooks.Manager([hooks_d]) as manager, manager.monitor() as monitor:
        watch: Any = monitor._watch

        def hold() -> None:
            with watch._monitor._lock:
                locked.set()
                go_on.wait(LONG)

        holder = threading.Thread(target=hold)
        holder.start()
        locked.wait(LONG)
        pointer = watch._monitor._pointer.value

        def child() -> None:
            with pytest.raises(HooksError, match="belongs to the parent process"):
                monitor.dispatch()
            monitor.close()
            # An object in an inconsistent state is not freed.
            assert watch._monitor._pointer.value == pointer

        status = in_child(child)
        go_on.set()
        holder.join()
        assert status == 0


# The interpreter shuts down while monitors are open, and their threads wait or are in a callback.
RUNNING = """
import os, sys, threading
import libhooks

begun = threading.Event()
manager = libhooks.Manager([sys.argv[1]])

def callback(changes):
    begun.set()
    threading.Event().wait()

class Holder: pass
holder = Holder()
holder.me = holder
holder.monitor, holder.quiet = manager.monitor(str), manager.monitor()
libhooks.late = manager.monitor(str)
libhooks.late_and_quiet = manager.monitor()
busy = manager.monitor(callback)
waits = manager.monitor()
threading.Thread(target=waits.wait, daemon=True).start()
holder.monitor.close() if sys.argv[2] == "closed" else None
os.unlink(os.path.join(sys.argv[1], "a.json"))
begun.wait()
print("end")
"""


@pytest.mark.parametrize("how", ["closed", "open"])
def test_the_interpreter_shuts_down_silently(
    python: Python, library: Path, write: Write, path: Path, how: str
) -> None:
    for _ in range(5):
        ran = python(RUNNING, str(write().parent), how, bundled=str(library))
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "end\n", "")
