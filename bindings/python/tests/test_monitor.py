"""Monitors: each of the ways to receive changes."""

from __future__ import annotations

import asyncio
import errno
import functools
import gc
import logging
import os
import selectors
import threading
from pathlib import Path
from queue import Queue
from typing import Any, Callable

import pytest
from conftest import Put, Write
from monitors import (
    LONG,
    USES,
    Changes,
    anext_of,
    descriptors,
    next_in_loop,
    summary,
    threads,
    waiting,
)

import libhooks
from libhooks import Change, HooksError, _ffi

pytestmark = pytest.mark.usefixtures("collected")


def spoil(path: Path) -> None:
    """Make a hook file invalid in one step."""
    new = path.with_suffix(".new")
    new.write_text("[\n]")
    new.replace(path)


def test_a_callback_receives_all_changes(write: Write, put: Put) -> None:
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
        # Until now the directory did not exist.
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


def test_paths_that_are_not_utf8(tmp_path: Path) -> None:
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


def test_hooks_that_a_strict_manager_rejects_are_reported(
    put: Put, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "libhooks")
    queue: Queue[Changes] = Queue()
    refused, added = [("problem", "a.json", "writable-by-others")], ("added", "b.json")
    solved = ("resolved", "a.json", "writable-by-others")
    manager, other = (libhooks.Manager([path.parent], strict=True) for _ in range(2))
    with manager.monitor(queue.put), manager.monitor() as iterated, other.monitor() as dispatched:
        path.chmod(0o666)
        assert summary(queue.get(timeout=LONG)) == refused
        assert summary((next(iterated),)) == refused
        with pytest.raises(HooksError) as caught:
            dispatched.wait(LONG)
        assert (caught.value.kind, len(caught.value.diagnostics)) == ("strict", 1)
        assert summary(dispatched.changes()) == refused
        assert len(manager.list().hooks) == 1
        # The monitors of one manager log it once; the one that raised it does not log it.
        assert [vars(record)["diagnostic"].code for record in caplog.records] == [
            "writable-by-others"
        ]
        # All monitors continue.
        path.chmod(0o644)
        put()
        assert summary(queue.get(timeout=LONG)) == [added, solved]
        assert summary((next(iterated), next(iterated))) == [added, solved]
        while added not in summary(dispatched.changes()):
            dispatched.wait(LONG)


def test_problems_are_logged_once(put: Put, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "libhooks")
    with libhooks.Manager([path.parent]) as manager, manager.monitor() as monitor:
        for _ in range(2):
            spoil(path)
            while not manager.diagnostics():
                monitor.wait(LONG)
            (problem,) = manager.diagnostics()
            assert [record.getMessage() for record in caplog.records] == [
                f"{path}:1:1: {problem.message}"
            ]
            assert vars(caplog.records[0])["diagnostic"] == problem
            assert ("problem", "a.json", problem.code) in summary(monitor.changes())
            assert len(caplog.records) == 1
            # A known problem is not new; a problem that occurs again is new.
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


def test_a_failure_of_inotify_is_logged(
    hooks_d: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = (
        b'[{"change":"problem","path":"/x","diagnostic":{"severity":"warning","code":"watch-refused","path":"/x",'
        b'"cause":"watch-refused","message":"inotify_init: no","errno":24}}]'
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
def test_a_callback_that_raises_does_not_end_the_monitor(
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
        assert summary(queue.get(timeout=LONG)) == [("added", "b.json")]
        args = raised.get(timeout=LONG)
        assert (args.exc_type, str(args.exc_value), args.thread) == (error, "added", threads()[0])
        assert args.exc_traceback is not None
        (path.parent / "b.json").unlink()
        assert summary(queue.get(timeout=LONG)) == [("removed", "b.json")]
    assert str(raised.get(timeout=LONG).exc_value) == "removed"


def test_a_callback_may_close_the_monitor(put: Put, path: Path) -> None:
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


def test_with_a_callback_other_calls_fail(hooks_d: Path) -> None:
    with libhooks.Manager([hooks_d]) as manager, manager.monitor(str) as monitor:
        for use in (*USES, next_in_loop):
            with pytest.raises(RuntimeError, match="has a callback"):
                use(monitor)
        assert repr(monitor) == "<libhooks._monitor.Monitor open, with a callback>"


def test_a_closed_monitor_raises(hooks_d: Path) -> None:
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


def test_a_loop_receives_changes(write: Write, path: Path) -> None:
    with libhooks.Manager([path.parent]) as manager, manager.monitor() as monitor:
        write("b.json", directory="ready")
        write("c.json", directory="ready")
        path.unlink()
        path.parent.rmdir()
        (path.parent.parent / "ready").rename(path.parent)
        seen: list[Change] = []
        # Leaving the loop loses no change.
        while len(seen) < 3:
            for change in monitor:
                seen.append(change)
                break
        assert sorted(summary(tuple(seen))) == [
            ("added", "b.json"),
            ("added", "c.json"),
            ("removed", "a.json"),
        ]
        assert monitor.changes() == ()
        (path.parent / "b.json").write_text("[]")
        (path.parent / "c.json").write_text("[]")
        first = next(monitor)
        rest = monitor.changes()
        assert len(rest) > 0
        assert first not in rest


def test_an_interrupt_loses_no_change(
    put: Put, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interrupt comes after the library has returned the changes, and before the caller has
    them.
    """
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
            # This causes an event.
            put("b.json", stages=[["poststop"], ["poststart"]][index % 2])
            monkeypatch.setattr(Change, "_of", interrupted)
            with pytest.raises(KeyboardInterrupt):
                first(monitor)
            _, out = waiting(functools.partial(then, monitor))
            seen = out.get(timeout=LONG) + monitor.changes()
            while len(seen) < 2 and monitor.wait(LONG):
                seen += monitor.changes()
            assert sorted(path for _, path in summary(seen)) == [f"{index}.json", "b.json"]


def test_threads_share_a_monitor(put: Put, path: Path) -> None:
    """Each change goes to one thread, and the threads do not block each other."""
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
        assert summary(monitor.changes()) == [("added", "b.json")]
        (path.parent / "b.json").unlink()
        assert monitor.wait()
        for bad in ("1", True):
            with pytest.raises(TypeError, match="timeout must be a number"):
                monitor.wait(bad)  # type: ignore[arg-type]
        put("b.json")
        # This exceeds the system's limit.
        assert monitor.wait(1e30)


def test_a_selector_receives_events(put: Put, path: Path) -> None:
    with libhooks.Manager([path.parent]) as manager, manager.monitor() as monitor:
        with selectors.DefaultSelector() as selector:
            selector.register(monitor, selectors.EVENT_READ)
            put("b.json")
            changed = False
            while not changed:
                assert selector.select(LONG)
                changed = monitor.dispatch()
        assert summary(monitor.changes()) == [("added", "b.json")]
        assert monitor.changes() == ()
        # Changes found by another reload are included.
        put("c.json")
        manager.reload()
        assert summary(monitor.changes()) == [("added", "c.json")]


def test_a_task_receives_changes(put: Put, path: Path) -> None:

    async def main(monitor: libhooks.Monitor) -> None:
        seen: asyncio.Queue[Change] = asyncio.Queue()

        async def follow() -> None:
            async for change in monitor:
                seen.put_nowait(change)

        # There are several tasks, although an event loop allows one reader per file descriptor.
        tasks = [asyncio.ensure_future(follow()) for _ in range(3)]
        put("b.json")
        assert summary((await asyncio.wait_for(seen.get(), LONG),)) == [("added", "b.json")]
        tasks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        (path.parent / "b.json").unlink()
        assert summary((await asyncio.wait_for(seen.get(), LONG),)) == [("removed", "b.json")]
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # The monitor continues after all this.
        put("c.json")
        assert summary((await asyncio.wait_for(anext_of(monitor), LONG),)) == [("added", "c.json")]
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


def test_an_event_loop_may_end_before_its_task(hooks_d: Path) -> None:
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
