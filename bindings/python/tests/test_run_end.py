"""Running hooks: interrupts, threads, and the shutdown of the interpreter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Optional

import pytest
from conftest import Python
from running import LONG, is_running, sh

import libhooks
from libhooks import _run

# Runs a hook that prints its process IDs and does not end by itself.
INTERRUPTED = """
import os, signal, sys, threading
import libhooks

class Stop(Exception):
    pass

def stop(number, frame):
    raise Stop

signal.signal(signal.SIGTERM, stop)
cancel = os.pipe()[0] if sys.argv[1] == "cancel" else None
hook = {"path": "/bin/sh", "args": ["sh", "-c", "sleep 600 & echo $$ $!; wait"]}
try:
    def output(stream, data):
        print(data.decode(), end="", flush=True)

    libhooks.run(hook, output=output, cancel=cancel)
except (KeyboardInterrupt, Stop) as error:
    print(type(error).__name__, threading.active_count())
"""


@pytest.mark.parametrize("cancel", ["cancel", "none"])
@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "Stop")]
)
def test_an_interrupt_ends_the_hook(
    cancel: str, number: signal.Signals, name: str, library: Path
) -> None:
    program = [sys.executable, "-c", INTERRUPTED, cancel]
    path = str(Path(libhooks.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": path, "LIBHOOKS_PATH": str(library)}
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        pids = process.stdout.readline().split()
        assert len(pids) == 2
        process.send_signal(number)
        assert process.stdout.read() == f"{name} 1\n"
    assert process.returncode == 0
    for pid in pids:
        while is_running(pid):
            pass


# The interpreter shuts down while the hook of a daemon thread still writes.
DAEMON = """
import threading
import libhooks

begun = threading.Event()
hook = {"path": "/bin/sh", "args": ["sh", "-c", "while :; do echo x; done"]}
output = lambda stream, data: begun.set()
options = {"timeout": 0.5, "output": output}
threading.Thread(target=libhooks.run, args=(hook,), kwargs=options, daemon=True).start()
begun.wait()
"""


def test_a_daemon_thread_does_not_abort_the_shutdown(python: Python, library: Path) -> None:
    ran = python(DAEMON, bundled=str(library))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


# A daemon thread runs a hook when the interpreter no longer waits for threads.
DAEMON_AT_EXIT = """
import atexit
import threading
import libhooks

ending, done = threading.Event(), threading.Event()
hook = {"path": "/bin/sh", "args": ["sh", "-c", "while :; do echo x; done"]}

def run():
    ending.wait()
    try:
        libhooks.run(hook, timeout=0.5, output=lambda stream, data: done.set())
    except RuntimeError as error:
        print(error, flush=True)
    done.set()

@atexit.register
def end():
    ending.set()
    done.wait()

threading.Thread(target=run, daemon=True).start()
"""


def test_a_daemon_thread_runs_no_hook_at_shutdown(python: Python, library: Path) -> None:
    ran = python(DAEMON_AT_EXIT, bundled=str(library))
    assert (ran.returncode, ran.stderr) == (0, "")
    # Newer interpreters start no thread at that time.
    assert ran.stdout in (
        "cannot run a hook with an output callback at interpreter shutdown\n",
        "can't create new thread at interpreter shutdown\n",
    )


def test_a_signal_handler_may_cancel() -> None:
    """The handler does not raise, but writes to the pipe that was passed as `cancel`."""
    reader, writer = os.pipe()
    before = signal.signal(signal.SIGUSR1, lambda number, frame: os.write(writer, b"x"))
    try:
        completed = libhooks.run(sh(f"kill -USR1 {os.getpid()}; {LONG}"), cancel=reader)
    finally:
        signal.signal(signal.SIGUSR1, before)
        os.close(reader)
        os.close(writer)
    assert completed.cancelled


def test_a_hook_runs_if_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    before = os.listdir("/proc/self/fd")
    monkeypatch.setattr(threading.Thread, "start", start)
    assert libhooks.run(sh("echo hi")).stdout == b"hi\n"
    assert len(os.listdir("/proc/self/fd")) == len(before)


@pytest.mark.parametrize("starts", [False, True])
@pytest.mark.parametrize("error", [RuntimeError("time is over"), KeyboardInterrupt()])
def test_an_interrupt_during_the_start(
    error: BaseException, starts: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A signal handler raises while the thread is started: the hook does not run, and only that
    exception is raised.
    """
    raised: list[object] = []
    made: list[threading.Thread] = []
    real, interrupted = threading.Thread.start, threading.Event()

    class Late(Future):  # type: ignore[type-arg]
        def set_running_or_notify_cancel(self) -> bool:
            interrupted.wait()
            return super().set_running_or_notify_cancel()

    def start(thread: threading.Thread) -> None:
        if starts:
            real(thread)
            made.append(thread)
        raise error

    monkeypatch.setattr(threading, "excepthook", raised.append)
    monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setattr(_run, "Future", Late)
    try:
        with pytest.raises(type(error)):
            libhooks.run(sh(f"touch {tmp_path / 'ran'}"))
    finally:
        interrupted.set()
        for thread in made:
            thread.join()
    assert raised == []
    assert not (tmp_path / "ran").exists()


def test_threads_run_hooks_in_parallel(tmp_path: Path) -> None:
    """Each hook waits for the next one, so no hook ends unless the calls run in parallel."""
    fifos = [tmp_path / str(index) for index in range(8)]
    for fifo in fifos:
        os.mkfifo(fifo)
    # The FIFOs are held open: otherwise output written before the reader opens one would be lost.
    held = [os.open(fifo, os.O_RDWR) for fifo in fifos]
    results: list[Optional[libhooks.CompletedHook]] = [None] * len(fifos)

    def use(index: int) -> None:
        own, following = fifos[index], fifos[(index + 1) % len(fifos)]
        script = f"exec 3<>{own} 4<>{following}; echo {index} >&4; read -r x <&3; echo $x"
        results[index] = libhooks.run(sh(script))

    threads = [threading.Thread(target=use, args=(index,)) for index in range(len(fifos))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for descriptor in held:
        os.close(descriptor)
    assert [result and int(result.stdout) for result in results] == [7, 0, 1, 2, 3, 4, 5, 6]


def test_200_runs_leak_nothing() -> None:
    def left() -> tuple[int, int, str]:
        children = "".join(task.read_text() for task in Path("/proc/self/task").glob("*/children"))
        return len(os.listdir("/proc/self/fd")), threading.active_count(), children

    before = left()
    for index in range(50):
        assert libhooks.run(sh("cat"), b"x", output=print).exit_status == 0
        assert libhooks.run(sh("exit 1"), timeout=600).exit_status == 1
        assert libhooks.run(sh(LONG), timeout=0.001 * (index % 3)).timed_out
        with pytest.raises(libhooks.HooksError):
            libhooks.run({"path": "/nowhere"})
    assert left() == before
