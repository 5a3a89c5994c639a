"""Helpers for the tests of monitors."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from pathlib import Path
from queue import Queue
from typing import Any, Callable

import libhooks
from libhooks import Change

# Longer than any test waits, unless the awaited event never comes.
LONG = 60.0
Changes = tuple[Change, ...]


def descriptors() -> set[str]:
    """Return the open file descriptors with their targets."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        # The file descriptor of the listing itself is already closed.
        with contextlib.suppress(FileNotFoundError):
            found.add(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
    return found


def threads() -> list[threading.Thread]:
    """Return the threads of monitors."""
    return [thread for thread in threading.enumerate() if thread.name == "libhooks"]


def summary(changes: Changes) -> list[tuple[str, ...]]:
    """Return the changes with their kinds, file names and diagnostic codes."""
    return [
        (
            change.kind,
            Path(change.path).name,
            *([change.diagnostic.code] if change.diagnostic else []),
        )
        for change in changes
    ]


def waiting(work: Callable[[], Any]) -> tuple[threading.Thread, Queue[Any]]:
    """Start a thread that does `work`; return it with a queue for the result or the exception."""
    out: Queue[Any] = Queue()

    def run() -> None:
        try:
            out.put(work())
        except BaseException as error:
            out.put(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, out


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
