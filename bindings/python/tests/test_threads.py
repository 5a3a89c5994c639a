"""Threads that use a manager while another thread closes it, and processes that fork."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import Write

import libhooks
from libhooks import _ffi

THREADS = 8
ROUNDS = 20


def test_close_frees_nothing_during_a_call(hooks_d: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread is inside a call while another closes the manager."""
    inside, go_on = threading.Event(), threading.Event()
    events = []
    free, real = _ffi.Manager.__del__, _ffi._library.hooks_manager_list

    def freed(manager: _ffi.Manager) -> None:
        events.append("freed")
        free(manager)

    def slow(*arguments: Any) -> int:
        inside.set()
        go_on.wait()
        status: int = real(*arguments)
        events.append("called")
        return status

    monkeypatch.setattr(_ffi.Manager, "__del__", freed)
    monkeypatch.setattr(_ffi._library, "hooks_manager_list", slow)
    manager = libhooks.Manager([hooks_d])
    listings: list[libhooks.Listing] = []
    user = threading.Thread(target=lambda: listings.append(manager.list()))
    user.start()
    inside.wait()
    manager.close()
    with pytest.raises(ValueError, match="closed"):
        manager.list()
    assert events == []
    go_on.set()
    user.join()
    assert events == ["called", "freed"]
    assert len(listings[0].hooks) == 1


def test_threads_inject_and_reload_until_it_is_closed(write: Write) -> None:
    path = write()
    write("b.json", hook={"path": "/bin/true"})
    both = {"createRuntime": [{"path": "/bin/sh", "env": ["A=b"]}, {"path": "/bin/true"}]}
    calls = 0
    for _ in range(ROUNDS):
        manager = libhooks.Manager([path.parent])
        busy = threading.Barrier(THREADS + 1)
        unexpected: list[BaseException] = []
        done = [0] * THREADS

        def use(
            index: int,
            manager: libhooks.Manager = manager,
            busy: threading.Barrier = busy,
            unexpected: list[BaseException] = unexpected,
            done: list[int] = done,
        ) -> None:
            try:
                while True:
                    if done[index] % 8 == index:
                        manager.reload()
                    assert manager.hooks({}).config["hooks"] == both
                    assert '"/bin/true"' in manager.hooks("{}").config
                    done[index] += 1
                    if done[index] == 5:
                        busy.wait()
            except ValueError as error:
                if str(error) != "the manager is closed":
                    unexpected.append(error)
            except BaseException as error:
                unexpected.append(error)
            finally:
                # Before the barrier, this thread must not leave the others waiting.
                if done[index] < 5:
                    busy.abort()

        threads = [threading.Thread(target=use, args=(index,)) for index in range(THREADS)]
        for thread in threads:
            thread.start()
        # All threads are in their loops now, and the manager is closed during their calls.
        busy.wait()
        manager.close()
        for thread in threads:
            thread.join()
        assert unexpected == []
        calls += sum(done)
    print(
        f"{calls} rounds of calls by {THREADS} threads, {ROUNDS} managers closed during the calls"
    )
    assert calls >= ROUNDS * THREADS * 5


def test_the_child_of_a_fork_can_use_a_manager(hooks_d: Path) -> None:
    """Fork while threads of the parent use the manager; each child uses, reloads and closes its
    own.
    """
    manager = libhooks.Manager([hooks_d])
    stop = threading.Event()

    def use() -> None:
        while not stop.is_set():
            manager.hooks({})
            manager.reload()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        statuses = [wait(fork(manager)) for _ in range(50)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert statuses == [0] * 50
    assert len(manager.list().hooks) == 1


def fork(manager: libhooks.Manager) -> int:
    """Start a child that uses the manager; it ends with 0 if all went well, and by a signal if it
    hangs.
    """
    child = os.fork()
    if child != 0:
        return child
    status = 1
    try:
        signal.alarm(60)
        before = manager.generation
        assert "hooks" in manager.hooks({}).config
        manager.reload()
        assert manager.generation > before
        manager.diagnostics()
        manager.close()
        with libhooks.Manager([]) as another:
            another.hooks("{}")
        status = 0
    finally:
        os._exit(status)


def wait(child: int) -> int:
    """Return the wait status of a child."""
    return os.waitpid(child, 0)[1]
