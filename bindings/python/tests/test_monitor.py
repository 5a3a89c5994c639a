"""Monitors: each of the ways to be told of changes, and each of the ways in which they end."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import errno
import functools
import gc
import logging
import os
import pickle
import selectors
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from queue import Queue
from typing import Any, Callable, Optional, Protocol

import pytest
from conftest import Python, Write

import libhooks
from libhooks import Change, HooksError, _ffi

# Longer than any test waits, unless what it waits for never comes.
LONG = 60.0
Changes = tuple[Change, ...]


@pytest.fixture(autouse=True)
def _collected() -> None:
    # What other tests have raised may still refer to what they have opened.
    gc.collect()


def descriptors() -> set[str]:
    """What descriptors there are, and of what."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        # That of the listing itself is not there any more.
        with contextlib.suppress(FileNotFoundError):
            found.add(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
    return found


def threads() -> list[threading.Thread]:
    """The threads of monitors."""
    return [thread for thread in threading.enumerate() if thread.name == "libhooks"]


def told(changes: Changes) -> list[tuple[str, ...]]:
    """Changes without what is wrong, but for its code."""
    return [
        (change.kind, Path(change.path).name, *([change.diagnostic.code] if change.diagnostic else []))
        for change in changes
    ]


class Put(Protocol):
    """Puts a hook file into its directory in one step, so that it is one change, and never there in part."""

    def __call__(self, name: str = ..., directory: str = ..., **changes: Any) -> None: ...


@pytest.fixture
def put(write: Write, tmp_path: Path) -> Put:
    def put(name: str = "b.json", directory: str = "hooks.d", **changes: Any) -> None:
        write(name, "side", **changes).replace(tmp_path / directory / name)

    return put


@pytest.fixture
def path(write: Write) -> Path:
    """A hook file that is alone in its directory."""
    return write()


def spoil(path: Path) -> None:
    """Makes a hook file bad, in one step."""
    new = path.with_suffix(".new")
    new.write_text("[\n]")
    new.replace(path)


def waiting(work: Callable[[], Any]) -> tuple[threading.Thread, Queue[Any]]:
    """A thread that does this, and where what it gives, or raises, comes out."""
    out: Queue[Any] = Queue()

    def run() -> None:
        try:
            out.put(work())
        except BaseException as error:
            out.put(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, out


def test_a_callback_is_told_of_everything(write: Write, put: Put) -> None:
    low = write().parent
    high = low.parent / "high"
    queue: Queue[Changes] = Queue()
    with libhooks.Manager([low, high]) as manager, manager.monitor(queue.put) as monitor:
        assert not monitor.closed
        put("b.json")
        assert queue.get(timeout=LONG) == (Change("added", str(low / "b.json")),)
        assert [hook.name for hook in manager.list().hooks] == ["a.json", "b.json"]
        put("b.json", stages=["poststop"])
        assert queue.get(timeout=LONG) == (Change("updated", str(low / "b.json")),)
        (low / "b.json").unlink()
        assert queue.get(timeout=LONG) == (Change("removed", str(low / "b.json")),)
        # The directory was missing so far.
        ready = low.parent / "ready"
        ready.mkdir()
        (ready / "a.json").write_text((low / "a.json").read_text())
        ready.rename(high)
        assert queue.get(timeout=LONG) == (
            Change("added", str(high / "a.json")),
            Change("masked", str(low / "a.json"), by=str(high / "a.json")),
        )
        (high / "a.json").unlink()
        assert queue.get(timeout=LONG) == (
            Change("removed", str(high / "a.json")),
            Change("unmasked", str(low / "a.json")),
        )
        spoil(low / "a.json")
        removed, problem = queue.get(timeout=LONG)
        assert removed == Change("removed", str(low / "a.json"))
        assert (problem.kind, problem.path, problem.by) == ("problem", str(low / "a.json"), None)
        assert (problem.diagnostic,) == manager.diagnostics()
    assert monitor.closed
    assert threads() == []
    assert queue.empty()


def test_paths_are_as_everywhere(tmp_path: Path) -> None:
    directory = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(directory)
    with libhooks.Manager([directory]) as manager, manager.monitor() as monitor:
        with open(directory + b"/\xfe.new", "w") as file:
            file.write("{")
        os.rename(directory + b"/\xfe.new", directory + b"/\xfe.json")
        change = next(monitor)
        assert os.fsencode(change.path) == directory + b"/\xfe.json"
        assert change.diagnostic is not None
        assert change.diagnostic.path == change.path


def test_what_a_strict_manager_refuses_is_told_of(put: Put, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "libhooks")
    queue: Queue[Changes] = Queue()
    refused, added = [("problem", "a.json", "writable-by-others")], ("added", "b.json")
    manager, other = (libhooks.Manager([path.parent], strict=True) for _ in range(2))
    with manager.monitor(queue.put), manager.monitor() as iterated, other.monitor() as dispatched:
        path.chmod(0o666)
        assert told(queue.get(timeout=LONG)) == refused
        assert told((next(iterated),)) == refused
        with pytest.raises(HooksError) as caught:
            dispatched.wait(LONG)
        assert (caught.value.kind, len(caught.value.diagnostics)) == ("strict", 1)
        assert told(dispatched.changes()) == refused
        assert len(manager.list().hooks) == 1
        # Once, of those that have it in common; and where it was raised, not at all.
        assert [vars(record)["diagnostic"].code for record in caplog.records] == ["writable-by-others"]
        # It goes on, each of them.
        path.chmod(0o644)
        put()
        assert told(queue.get(timeout=LONG)) == [added]
        assert told((next(iterated),)) == [added]
        while added not in told(dispatched.changes()):
            dispatched.wait(LONG)


def test_problems_are_logged_once(put: Put, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "libhooks")
    with libhooks.Manager([path.parent]) as manager, manager.monitor() as monitor:
        for _ in range(2):
            spoil(path)
            while not manager.diagnostics():
                monitor.wait(LONG)
            (problem,) = manager.diagnostics()
            assert [record.getMessage() for record in caplog.records] == [f"{path}:1:1: {problem.message}"]
            assert vars(caplog.records[0])["diagnostic"] == problem
            assert ("problem", "a.json", problem.code) in told(monitor.changes())
            assert len(caplog.records) == 1
            # What was there before is not new, and what comes again is.
            put("b.json")
            while len(manager.list().hooks) != 1:
                monitor.wait(LONG)
            assert len(caplog.records) == 1
            caplog.clear()
            path.unlink()
            (path.parent / "b.json").unlink()
            while manager.diagnostics() or manager.list().hooks:
                monitor.wait(LONG)
            monitor.changes()
            assert caplog.records == []


def test_that_the_system_refuses_to_watch_is_logged(
    hooks_d: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = (
        b'[{"change":"problem","path":"/x","diagnostic":{"severity":"warning","code":"watch-refused","path":"/x",'
        b'"message":"inotify_init: no","errno":24}}]'
    )
    with libhooks.Manager([hooks_d]) as manager, manager.monitor() as monitor:
        monkeypatch.setattr(_ffi.Monitor, "changes", lambda _, take: take(notice))
        (change,) = monitor.changes()
    assert change.diagnostic is not None
    assert (change.path, change.diagnostic.errno) == ("/x", errno.EMFILE)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "/x: inotify_init: no")
    ]


@pytest.mark.parametrize("error", [LookupError, SystemExit])
def test_a_callback_that_raises_ends_nothing(
    error: type[BaseException], put: Put, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue: Queue[Changes] = Queue()
    raised: Queue[threading.ExceptHookArgs] = Queue()
    monkeypatch.setattr(threading, "excepthook", raised.put)

    def callback(changes: Changes) -> None:
        queue.put(changes)
        raise error(changes[0].kind)

    with libhooks.Manager([path.parent]) as manager, manager.monitor(callback):
        put("b.json")
        assert told(queue.get(timeout=LONG)) == [("added", "b.json")]
        args = raised.get(timeout=LONG)
        assert (args.exc_type, str(args.exc_value), args.thread) == (error, "added", threads()[0])
        assert args.exc_traceback is not None
        (path.parent / "b.json").unlink()
        assert told(queue.get(timeout=LONG)) == [("removed", "b.json")]
    assert str(raised.get(timeout=LONG).exc_value) == "removed"


def test_a_callback_may_close_it(put: Put, path: Path) -> None:
    begun, ended = threading.Event(), threading.Event()
    with libhooks.Manager([path.parent]) as manager:

        def callback(_changes: Changes) -> None:
            begun.wait(LONG)
            monitor.close()
            monitor.close()
            ended.set()

        monitor = manager.monitor(callback)
        (thread,) = threads()
        begun.set()
        put("b.json")
        assert ended.wait(LONG)
        thread.join(LONG)
        assert not thread.is_alive()
        assert monitor.closed
        monitor.close()


def test_close_waits_for_the_callback(put: Put, path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()
    with libhooks.Manager([path.parent]) as manager:

        def callback(_changes: Changes) -> None:
            begun.set()
            go_on.wait(LONG)

        monitor = manager.monitor(callback)
        put("b.json")
        assert begun.wait(LONG)
        thread, out = waiting(monitor.close)
        assert threads()[0].is_alive()
        go_on.set()
        assert out.get(timeout=LONG) is None
        assert threads() == []
        thread.join()


def test_with_a_callback_nothing_else_is_asked(hooks_d: Path) -> None:
    with libhooks.Manager([hooks_d]) as manager, manager.monitor(str) as monitor:
        for use in (*USES, next_in_loop):
            with pytest.raises(RuntimeError, match="has a callback"):
                use(monitor)
        assert repr(monitor) == "<libhooks._monitor.Monitor open, with a callback>"


async def anext_of(monitor: libhooks.Monitor) -> Change:
    return await monitor.__anext__()


def next_in_loop(monitor: libhooks.Monitor) -> Change:
    return asyncio.run(anext_of(monitor))


USES: list[Callable[[libhooks.Monitor], object]] = [
    lambda monitor: monitor.fileno(),
    lambda monitor: monitor.dispatch(),
    lambda monitor: monitor.changes(),
    lambda monitor: monitor.wait(0),
]


def test_a_closed_monitor_says_so(hooks_d: Path) -> None:
    with libhooks.Manager([hooks_d]) as manager:
        with manager.monitor() as monitor:
            assert repr(monitor) == "<libhooks._monitor.Monitor open>"
            for use in USES:
                use(monitor)
        assert monitor.closed
        assert repr(monitor) == "<libhooks._monitor.Monitor closed>"
        for use in (*USES, libhooks.Monitor.__enter__):
            with pytest.raises(ValueError, match="the monitor is closed"):
                use(monitor)
        assert list(monitor) == []
        monitor.close()
    with pytest.raises(ValueError, match="the manager is closed"):
        manager.monitor()
    with pytest.raises(TypeError, match="callback must be callable"):
        libhooks.Manager([]).monitor("x")  # type: ignore[arg-type]


def test_it_is_iterated(write: Write, path: Path) -> None:
    with libhooks.Manager([path.parent]) as manager, manager.monitor() as monitor:
        write("b.json", directory="ready")
        write("c.json", directory="ready")
        path.unlink()
        path.parent.rmdir()
        (path.parent.parent / "ready").rename(path.parent)
        seen: list[Change] = []
        # Who leaves the loop loses nothing.
        while len(seen) < 3:
            for change in monitor:
                seen.append(change)
                break
        assert sorted(told(tuple(seen))) == [("added", "b.json"), ("added", "c.json"), ("removed", "a.json")]
        assert monitor.changes() == ()
        (path.parent / "b.json").write_text("[]")
        (path.parent / "c.json").write_text("[]")
        first = next(monitor)
        rest = monitor.changes()
        assert len(rest) > 0
        assert first not in rest


def test_an_interrupt_loses_no_change(put: Put, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that comes when the library has told of the changes, and nobody else has been."""
    real = Change._of

    def interrupted(data: Any) -> Change:
        monkeypatch.setattr(Change, "_of", real)
        raise KeyboardInterrupt

    asks: list[Callable[[libhooks.Monitor], Changes]] = [
        lambda monitor: monitor.changes(),
        lambda monitor: (next(monitor),),
    ]
    with libhooks.Manager([path.parent]) as manager, manager.monitor() as monitor:
        for index, (first, then) in enumerate((first, then) for first in asks for then in asks):
            put(f"{index}.json")
            assert monitor.wait(LONG)
            # So that there is something to wake for.
            put("b.json", stages=[["poststop"], ["poststart"]][index % 2])
            monkeypatch.setattr(Change, "_of", interrupted)
            with pytest.raises(KeyboardInterrupt):
                first(monitor)
            _, out = waiting(functools.partial(then, monitor))
            seen = out.get(timeout=LONG) + monitor.changes()
            while len(seen) < 2 and monitor.wait(LONG):
                seen += monitor.changes()
            assert sorted(path for _, path in told(seen)) == [f"{index}.json", "b.json"]


def test_a_close_ends_whoever_waits(hooks_d: Path) -> None:
    with libhooks.Manager([hooks_d]) as manager:
        for work, result in ((list, []), (lambda monitor: monitor.wait(), ValueError)):
            inside = threading.Event()
            monitor = manager.monitor()
            ready = monitor._watch.ready  # type: ignore[union-attr]

            def tell(
                deadline: Optional[float] = None, inside: threading.Event = inside, ready: Callable[..., bool] = ready
            ) -> bool:
                inside.set()
                return ready(deadline)

            monitor._watch.ready = tell  # type: ignore[union-attr, method-assign]
            thread, out = waiting(lambda work=work, monitor=monitor: work(monitor))  # type: ignore[misc]
            assert inside.wait(LONG)
            monitor.close()
            found = out.get(timeout=LONG)
            assert found == result or type(found) is result
            thread.join()


def test_threads_share_it(put: Put, path: Path) -> None:
    """Each change is for one of them, and they get into nobody's way."""
    out: Queue[Change] = Queue()
    with libhooks.Manager([path.parent]) as manager, manager.monitor() as monitor:

        def follow() -> None:
            for change in monitor:
                out.put(change)

        workers = [waiting(follow)[0] for _ in range(4)]
        for index in range(20):
            put(f"new-{index}.json")
        seen: list[str] = []
        while len(manager.list().hooks) < 21 or len(seen) < 20:
            change = out.get(timeout=LONG)
            if change.kind == "added":
                seen.append(change.path)
    for worker in workers:
        worker.join(LONG)
        assert not worker.is_alive()
    assert len(set(seen)) == 20


def test_wait_has_a_timeout(put: Put, path: Path) -> None:
    with libhooks.Manager([path.parent]) as manager, manager.monitor() as monitor:
        for timeout in (0, 0.01, -1):
            assert not monitor.wait(timeout)
        put("b.json")
        assert monitor.wait(LONG)
        assert told(monitor.changes()) == [("added", "b.json")]
        (path.parent / "b.json").unlink()
        assert monitor.wait()
        for bad in ("1", True):
            with pytest.raises(TypeError, match="timeout must be a number"):
                monitor.wait(bad)  # type: ignore[arg-type]
        put("b.json")
        # Longer than the system can count.
        assert monitor.wait(1e30)


def test_a_selector_is_told_of_it(put: Put, path: Path) -> None:
    with libhooks.Manager([path.parent]) as manager, manager.monitor() as monitor:
        with selectors.DefaultSelector() as selector:
            selector.register(monitor, selectors.EVENT_READ)
            put("b.json")
            changed = False
            while not changed:
                assert selector.select(LONG)
                changed = monitor.dispatch()
        assert told(monitor.changes()) == [("added", "b.json")]
        assert monitor.changes() == ()
        # Whoever reloads.
        put("c.json")
        manager.reload()
        assert told(monitor.changes()) == [("added", "c.json")]


def test_a_task_iterates_it(put: Put, path: Path) -> None:

    async def main(monitor: libhooks.Monitor) -> None:
        seen: asyncio.Queue[Change] = asyncio.Queue()

        async def follow() -> None:
            async for change in monitor:
                seen.put_nowait(change)

        # Several of them: a loop has one reader of a descriptor.
        tasks = [asyncio.ensure_future(follow()) for _ in range(3)]
        put("b.json")
        assert told((await asyncio.wait_for(seen.get(), LONG),)) == [("added", "b.json")]
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        (path.parent / "b.json").unlink()
        assert told((await asyncio.wait_for(seen.get(), LONG),)) == [("removed", "b.json")]
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # None of that ends it.
        put("c.json")
        assert told((await asyncio.wait_for(anext_of(monitor), LONG),)) == [("added", "c.json")]
        task = asyncio.ensure_future(follow())
        await asyncio.sleep(0)
        closer, out = waiting(monitor.close)
        await asyncio.wait_for(task, LONG)
        assert out.get(timeout=LONG) is None
        closer.join()
        await asyncio.wait_for(follow(), LONG)

    before = descriptors()
    with libhooks.Manager([path.parent]) as manager:
        asyncio.run(main(manager.monitor()), debug=True)
    gc.collect()
    assert descriptors() == before


def test_a_loop_may_end_before_its_task(hooks_d: Path) -> None:
    before = descriptors()
    with libhooks.Manager([hooks_d]) as manager, manager.monitor() as monitor:
        loop = asyncio.new_event_loop()
        task = loop.create_task(anext_of(monitor))
        loop.call_later(0, loop.stop)
        loop.run_forever()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()
        assert not monitor.closed
    del task, loop
    gc.collect()
    assert descriptors() == before


# Waits in the main thread, in one of the ways, and says how that ended.
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
    for_ever = {"wait": monitor.wait, "for": lambda: list(monitor), "timeout": lambda: monitor.wait(1e9)}
    for_ever[sys.argv[2]]()
except (KeyboardInterrupt, Stop) as error:
    print(type(error).__name__, monitor.closed, monitor.wait(0))
"""


@pytest.mark.parametrize("way", ["wait", "for", "timeout"])
@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "Stop")])
def test_an_interrupt_ends_a_wait(way: str, number: signal.Signals, name: str, library: Path, hooks_d: Path) -> None:
    program = [sys.executable, "-c", INTERRUPTED, str(hooks_d), way]
    env = {**os.environ, "PYTHONPATH": str(Path(libhooks.__file__).parents[1]), "LIBHOOKS_PATH": str(library)}
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
        assert told(queue.get(timeout=LONG)) == [("added", "b.json")]
        assert told((next(monitor),)) == [("added", "b.json")]


def test_many_leave_nothing_behind(hooks_d: Path) -> None:
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


def test_one_that_is_dropped_is_freed(hooks_d: Path) -> None:
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
        with pytest.warns(ResourceWarning, match="open, with a callback> was dropped, so nothing is watched any more"):
            del monitor
        assert gone() is None
        thread.join(LONG)
        assert not thread.is_alive()
        assert descriptors() == before


def test_of_one_that_was_not_made_nothing_stays(
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


def test_it_cannot_be_copied(hooks_d: Path) -> None:
    with libhooks.Manager([hooks_d]) as manager, manager.monitor() as monitor:
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            for thing in (monitor, monitor._watch._monitor):  # type: ignore[union-attr]
                with pytest.raises(TypeError, match="cannot be pickled or copied"):
                    copied(thing)


def in_child(work: Callable[[], object]) -> int:
    """How a child of a fork ends that does this: with 0 if all went well, and by a signal if it hangs."""
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


def test_in_the_child_of_a_fork_it_can_only_be_closed(put: Put, path: Path) -> None:
    queue: Queue[Changes] = Queue()
    before = descriptors()
    manager = libhooks.Manager([path.parent])
    asked, followed, dropped = manager.monitor(), manager.monitor(queue.put), [manager.monitor(), manager.monitor()]

    def child() -> None:
        for use in (*USES, next, libhooks.Monitor.wait, next_in_loop):
            with pytest.raises(HooksError, match="of the parent process") as caught:
                use(asked)
            assert (caught.value.kind, caught.value.code, caught.value.status) == ("invalid-argument",) * 2 + (-1,)
        for monitor in (asked, followed):
            monitor.close()
            monitor.close()
            assert monitor.closed
        dropped.clear()
        assert descriptors() == before

    watch: Any = followed._watch
    # So that its thread is not in the middle of the library, by chance.
    with watch._monitor._lock:
        assert in_child(child) == 0
    for name in ("b.json", "c.json"):
        put(name)
        while ("added", name) not in told(queue.get(timeout=LONG)):
            pass
        while ("added", name) not in told(asked.changes()):
            asked.wait(LONG)
    followed.close()
    asked.close()


def test_a_fork_in_the_middle_of_the_library_hangs_nobody(hooks_d: Path) -> None:
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
            with pytest.raises(HooksError, match="of the parent process"):
                monitor.dispatch()
            monitor.close()
            # What is half done is not freed.
            assert watch._monitor._pointer.value == pointer

        status = in_child(child)
        go_on.set()
        holder.join()
        assert status == 0


# The interpreter ends while monitors are open, and their threads wait or are in a callback.
RUNNING = """
import os, sys, threading
import libhooks

begun = threading.Event()
manager = libhooks.Manager([sys.argv[1]])

def callback(changes):
    begun.set()
    threading.Event().wait()

class Holder: pass
holder = Holder(); holder.me = holder; holder.monitor = manager.monitor(str); holder.quiet = manager.monitor()
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
def test_the_end_of_the_interpreter_is_silent(
    python: Python, library: Path, write: Write, path: Path, how: str
) -> None:
    for _ in range(5):
        ran = python(RUNNING, str(write().parent), how, bundled=str(library))
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "end\n", "")
