"""Running hooks."""

from __future__ import annotations

import dataclasses
import errno
import json
import math
import os
import pickle
import resource
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from running import FILTER, LONG, RUN, is_running, sh

import libhooks
from libhooks import HooksError, _ffi


def test_run_returns_the_result() -> None:
    for hook in (sh("cat; echo oh >&2"), json.dumps(sh("cat; echo oh >&2"))):
        completed = libhooks.run(hook, "stäte")
        assert (completed.path, completed.argv) == ("/bin/sh", ("sh", "-c", "cat; echo oh >&2"))
        assert (completed.exit_status, completed.signal) == (0, None)
        assert (completed.stdout, completed.stderr) == ("stäte".encode(), b"oh\n")
        assert (completed.stdout_total, completed.stderr_total) == (6, 3)
        assert (completed.timed_out, completed.cancelled) == (False, False)
        assert (completed.hook_error, completed.error) == (None, None)
        assert 0 < completed.duration < 60
        completed.check()
        with pytest.raises(dataclasses.FrozenInstanceError):
            completed.signal = 1  # type: ignore[misc]


def test_state_is_bytes_str_or_mapping() -> None:
    cat = {"path": "/bin/cat"}
    assert libhooks.run(cat).stdout == b""
    for state in (b"\0\xff\n", bytearray(b"\0\xff\n"), memoryview(b"\0\xff\n")):
        assert RUN(cat, state).stdout == b"\0\xff\n"
    assert libhooks.run(cat, "a\0b").stdout == b"a\0b"
    assert json.loads(libhooks.run(cat, {"id": "ä", "pid": 1}).stdout) == {"id": "ä", "pid": 1}
    assert libhooks.run(sh("exit 0"), b"x" * (1 << 20)).error is None


def test_the_process_group() -> None:
    script = (
        "sleep 1000 & read -r pid comm state ppid pgrp rest < /proc/self/stat; echo $pgrp $$; wait"
    )
    for group, killed in (("caller", ("descendants", 1)), ("own", ("group", None))):
        completed = RUN(sh(script), timeout=1, process_group=group)
        assert completed.timed_out
        assert (completed.killed, completed.killed_descendants) == killed
        pgrp, pid = map(int, completed.stdout.split())
        assert pgrp == (os.getpgrp() if group == "caller" else pid)
    completed = libhooks.run(sh("exit 0"), process_group="auto")
    assert (completed.killed, completed.killed_descendants) == (None, None)
    filtered = libhooks.filter_config([sh("cat")], "{}", process_group="caller")
    assert filtered.failure is None
    with pytest.raises(
        ValueError, match="^process_group is 'mine', not one of 'auto', 'own', 'caller'$"
    ):
        RUN(sh("exit 0"), process_group="mine")
    with pytest.raises(TypeError, match="^process_group must be a str, not int$"):
        RUN(sh("exit 0"), process_group=1)


def test_a_hook_that_cannot_be_started() -> None:
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.run({"path": "/nowhere"})
    error = caught.value
    assert str(error) == "fork/exec /nowhere: no such file or directory"
    assert (error.kind, error.code, error.status, error.errno) == (
        "io",
        "start-failed",
        -4,
        errno.ENOENT,
    )
    assert (error.completed, error.filtered) == (None, None)
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.run({"path": "/bin"})
    assert caught.value.errno == errno.EACCES
    with pytest.raises(libhooks.HooksError, match="no command"):
        libhooks.run({})
    with pytest.raises(libhooks.HooksError, match="^chdir /nowhere: no such file or directory$"):
        libhooks.run(sh("pwd"), directory="/nowhere")


def test_why_a_program_cannot_run(tmp_path: Path) -> None:
    program = tmp_path / "program"

    def write(text: str) -> None:
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)

    write("#!/nowhere/sh\n")
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.run({"path": str(program)})
    [reason] = caught.value.diagnostics
    assert (reason.code, reason.path) == ("missing-interpreter", str(program))
    result = libhooks.filter_config([{"path": str(program)}], "{}")
    assert result.failure is not None
    assert [found.code for found in result.failure.diagnostics] == ["missing-interpreter"]
    # The program starts, and env(1) does not find "sh -e".
    write("#!/usr/bin/env sh -e\n")
    completed = libhooks.run({"path": str(program)})
    assert [found.code for found in completed.diagnostics] == ["bad-shebang"]
    with pytest.raises(libhooks.HooksError) as caught:
        completed.check()
    assert caught.value.diagnostics == completed.diagnostics
    write("#!/bin/sh\nexit 127\n")
    assert libhooks.run({"path": str(program)}).diagnostics == ()


def test_a_failure_can_be_raised() -> None:
    said = "executing [sh -c exit 3]: exit status 3"
    completed = libhooks.run(sh("exit 3"))
    assert (completed.exit_status, completed.error, completed.hook_error) == (3, said, said)
    with pytest.raises(libhooks.HooksError) as caught:
        completed.check()
    assert caught.value.completed is completed
    assert (str(caught.value), caught.value.kind, caught.value.status) == (said, "hook-failed", -8)
    assert pickle.loads(pickle.dumps(caught.value)).completed == completed
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.run(sh("echo hi; kill -SEGV $$"), check=True)
    killed = caught.value.completed
    assert killed is not None
    assert (killed.exit_status, killed.signal, killed.stdout) == (None, signal.SIGSEGV, b"hi\n")
    assert libhooks.run(sh("exit 0"), check=True).exit_status == 0


def test_timeouts() -> None:
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.run(sh(f"echo hi; {LONG}"), timeout=0.2, check=True)
    assert (caught.value.kind, caught.value.code, caught.value.status) == ("timeout", "timeout", -9)
    completed = caught.value.completed
    assert completed is not None
    assert completed.timed_out
    assert (completed.stdout, completed.signal, completed.exit_status) == (
        b"hi\n",
        signal.SIGKILL,
        None,
    )
    assert (completed.error, completed.cancelled) == ("context deadline exceeded", False)
    # The hook's own timeout takes precedence.
    assert libhooks.run(sh("sleep 0.1", timeout=600), timeout=0.0001).error is None
    assert libhooks.run(sh(LONG, timeout=0), timeout=600).timed_out
    # The shortest timeout does not mean no timeout, and the longest does not overflow.
    for timeout in (0, -1, 5e-324, -math.inf):
        assert libhooks.run(sh(LONG), timeout=timeout).timed_out
    for timeout in (600, 1e300, math.inf):
        assert libhooks.run(sh("exit 0"), timeout=timeout, post_kill_timeout=None).error is None
    assert libhooks.run(sh(LONG), timeout=0, post_kill_timeout=math.inf).signal == signal.SIGKILL
    given_up = libhooks.run(sh(LONG), timeout=0, post_kill_timeout=-1)
    assert given_up.error == "context deadline exceeded"


class Handle:
    """An object with a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def fileno(self) -> int:
        return self.descriptor


@pytest.mark.parametrize("wrap", [int, Handle])
@pytest.mark.parametrize("in_main_thread", [True, False])
def test_another_thread_cancels(wrap: Any, in_main_thread: bool, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    results: list[libhooks.CompletedHook] = []

    def cancel() -> None:
        ready.read_bytes()
        os.write(writer, b"x")

    def run() -> None:
        results.append(libhooks.run(sh(f"echo > {ready}; {LONG}"), cancel=wrap(reader)))

    other, *more = [
        threading.Thread(target=what) for what in ((cancel,) if in_main_thread else (cancel, run))
    ]
    for thread in (other, *more):
        thread.start()
    if in_main_thread:
        run()
    for thread in (other, *more):
        thread.join()
    completed = results[0]
    assert completed.cancelled
    assert (completed.error, completed.timed_out) == ("context canceled", False)
    assert os.read(reader, 9) == b"x"
    with pytest.raises(libhooks.HooksError) as caught:
        completed.check()
    assert (caught.value.kind, caught.value.status) == ("cancelled", -10)
    # Closing the other end also cancels the run.
    os.close(writer)
    assert libhooks.run(sh(LONG), cancel=reader).cancelled
    os.close(reader)


def test_the_hook_has_only_its_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "1")
    env = {"path": "/usr/bin/env", "env": ["A=1", "B=ä", "A=2"]}
    assert libhooks.run(env).stdout.decode() == "B=ä\nA=2\n"
    assert libhooks.run({"path": "/usr/bin/env"}).stdout == b""


def test_the_directory(tmp_path: Path) -> None:
    (tmp_path / "hook").symlink_to("/bin/pwd")
    for directory in (tmp_path, str(tmp_path), os.fsencode(tmp_path)):
        assert (
            libhooks.run({"path": "./hook"}, directory=directory).stdout
            == os.fsencode(tmp_path.resolve()) + b"\n"
        )
    assert libhooks.run({"path": "/bin/pwd"}).stdout.decode() == f"{Path.cwd()}\n"


def test_output_is_exact_and_bounded() -> None:
    everything = bytes(range(256))
    completed = libhooks.run(sh("cat; cat /nowhere"), everything)
    assert completed.stdout == everything
    completed = libhooks.run({"path": "/bin/cat"}, everything, capture_limit=3)
    assert (completed.stdout, completed.stdout_total) == (b"\xfd\xfe\xff", 256)
    completed = libhooks.run({"path": "/bin/cat"}, everything, capture_limit=0)
    assert (completed.stdout, completed.stdout_total) == (b"", 256)


def test_output_is_passed_on_as_it_is_written(tmp_path: Path) -> None:
    """The hook continues only after its first output has been received."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    seen = []

    def output(stream: str, data: bytes) -> None:
        seen.append((stream, data))
        if data == b"first\n":
            gate.write_text("go\n")

    script = f"printf 'first\\n'; read -r go <{gate}; printf '\\377' >&2"
    completed = libhooks.run(sh(script), output=output)
    assert seen == [("stdout", b"first\n"), ("stderr", b"\xff")]
    assert (completed.stdout, completed.stderr, completed.error) == (b"first\n", b"\xff", None)


class OurError(BaseException):
    pass


def test_an_exception_of_the_output_callback_is_raised(tmp_path: Path) -> None:
    done = tmp_path / "done"
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    seen = []

    def output(stream: str, data: bytes) -> None:
        seen.append(data)
        gate.write_text("go\n")
        raise OurError("oh no")

    # The hook continues to its end, and its later output is not passed on.
    hook = sh(f"echo 1; read -r go <{gate}; echo 2; echo done >{done}")
    with pytest.raises(OurError, match="^oh no$"):
        libhooks.run(hook, output=output)
    assert (seen, done.read_text()) == ([b"1\n"], "done\n")
    with pytest.raises(OurError):
        libhooks.filter_config([hook], {}, output=output)
    with pytest.raises(ZeroDivisionError):
        libhooks.run(sh("echo 1"), output=lambda stream, data: 1 // 0)


def test_output_goes_into_files(tmp_path: Path) -> None:
    with open(tmp_path / "out", "w+b") as out, open(tmp_path / "err", "w") as err:
        completed = libhooks.run(sh("echo out; echo err >&2"), stdout=out, stderr=err.fileno())
        assert (completed.stdout, completed.stdout_total, completed.stderr) == (b"", 0, b"")
        out.seek(0)
        assert out.read() == b"out\n"
        libhooks.run(sh("echo both; echo both >&2"), stdout=err, stderr=err)
    assert (tmp_path / "err").read_text() == "err\nboth\nboth\n"


def test_child_processes_of_a_hook_survive_it(tmp_path: Path) -> None:
    """The run does not wait for their output. At a timeout they are killed with the hook."""
    gate, done = tmp_path / "gate", tmp_path / "done"
    os.mkfifo(gate)
    os.mkfifo(done)
    completed = libhooks.run(sh(f"(read -r go <{gate}; echo late; echo alive >{done}) & echo hook"))
    assert (completed.stdout, completed.error) == (b"hook\n", None)
    gate.write_text("go\n")
    assert done.read_text() == "alive\n"
    completed = libhooks.run(sh("sleep 600 & echo $!; wait"), timeout=0.3)
    child = completed.stdout.decode()
    assert completed.timed_out
    assert child
    while is_running(child):
        pass


def test_long_output_is_copied_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ffi, "PIECE", 3)
    assert libhooks.run(sh("printf 12345678; printf 123 >&2")).stdout == b"12345678"


def test_missing_file_descriptors_are_reported() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        with pytest.raises(HooksError) as raised:
            libhooks.run(sh("true"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    error = raised.value
    assert (error.kind, error.code, error.errno, error.status) == (
        "io",
        "start-failed",
        errno.EMFILE,
        -4,
    )


def test_the_hooks_of_a_manager_can_be_run(root: Path) -> None:
    config = json.loads((root / "examples/config.json").read_text())
    with libhooks.Manager([root / "examples/hooks.d"], ["precreate"]) as manager:
        result = manager.hooks(config)
    hooks = result.extension_stage_hooks["precreate"]
    assert libhooks.filter_config(hooks, result.config, check=True).config == result.config


@pytest.mark.parametrize(
    ("error", "match", "options"),
    [
        (TypeError, "^directory must be", {"directory": 1}),
        (ValueError, "^directory contains a NUL", {"directory": "a\0"}),
        (TypeError, "^timeout must be a number of seconds or None, not str", {"timeout": "1"}),
        (TypeError, "^timeout must be", {"timeout": True}),
        (ValueError, "^timeout is not a number", {"timeout": math.nan}),
        (TypeError, "^post_kill_timeout must be", {"post_kill_timeout": "1"}),
        (TypeError, "^capture_limit must be an int", {"capture_limit": 1.0}),
        (ValueError, "^capture_limit must be from 0 to .*, not -1", {"capture_limit": -1}),
        (ValueError, "^capture_limit must be from 0", {"capture_limit": 1 << 64}),
        (TypeError, "^stderr must be a file descriptor", {"stderr": "/dev/null"}),
        (ValueError, "^stderr is not a file descriptor: -1", {"stderr": subprocess.PIPE}),
        (TypeError, "^output must be callable", {"output": 1}),
        (TypeError, "^cancel must be a file descriptor", {"cancel": True}),
        (ValueError, "^cancel is not a file descriptor", {"cancel": 1 << 31}),
        (TypeError, "^check must be a bool", {"check": 1}),
    ],
)
def test_invalid_options(error: type[Exception], match: str, options: dict[str, Any]) -> None:
    with pytest.raises(error, match=match):
        RUN(sh("exit 0"), **options)
    with pytest.raises(error, match=match):
        FILTER([], {}, **options)


def test_invalid_arguments() -> None:
    with pytest.raises(TypeError, match="^hook must be a mapping, or JSON as a str or bytes"):
        RUN(["/bin/sh"])
    with pytest.raises(TypeError, match="^state must be bytes, a str or a mapping"):
        RUN(sh("exit 0"), 1)
    with pytest.raises(ValueError, match="^state cannot be encoded as UTF-8"):
        RUN(sh("exit 0"), "\udcff")
    with pytest.raises(TypeError, match="^stdout must be a file descriptor"):
        RUN(sh("exit 0"), stdout="x")
    with pytest.raises(TypeError, match="^hooks must be an iterable of hooks"):
        FILTER(sh("exit 0"), {})
    with pytest.raises(TypeError, match=r"^hooks\[0\] must be a mapping"):
        FILTER(["/bin/sh"], {})
    with pytest.raises(TypeError, match="^patches must be a bool"):
        FILTER([], {}, patches=1)
