"""Nothing leaks: everything that the library allocates is freed once, and 100,000 calls need no
additional memory.
"""

from __future__ import annotations

import gc
from collections import Counter
from ctypes import c_void_p
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import Python, Write

import libhooks
from libhooks import _ffi

# Prints the resident memory after 1,000 calls and at the end, in kB. With "leak", strings are not
# freed, as a control experiment.
PROGRAM = """
import re, sys
import libhooks
from libhooks import _ffi

directory, calls, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if what == "leak":
    _ffi._library.hooks_string_free = lambda text: None

def resident():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmRSS:\\s+(\\d+) kB", status.read())[1])

config = {"ociVersion": "1.2.0", "process": {"args": ["/bin/sh"]}, "annotations": {"a": "x" * 500}}
text = '{"process": {"args": ["/bin/sh"]}, "annotations": {"a": "' + "x" * 500 + '"}}'
manager = libhooks.Manager([directory], ["precreate"])
for call in range(1, calls + 1):
    assert manager.hooks(config if call % 2 else text).extension_stage_hooks
    if call % 100 == 0:
        try:
            manager.hooks("{")
        except libhooks.HooksError:
            pass
    if call % 500 == 0:
        manager.reload()
        manager.list(), manager.explain(text), manager.diagnostics()
        libhooks.Manager([directory], ["precreate"]).close()
    if call == 1000:
        after_1000 = resident()
print(after_1000, resident())
"""


def growth(python: Python, library: Path, hooks_d: Path, calls: int, what: str) -> int:
    ran = python(PROGRAM, str(hooks_d), str(calls), what, bundled=str(library))
    assert (ran.returncode, ran.stderr) == (0, "")
    after_1000, end = map(int, ran.stdout.split())
    print(
        f"{what}: RSS {after_1000} kB after 1,000 calls, {end} kB after {calls:,}: "
        f"{end - after_1000} kB more"
    )
    return end - after_1000


@pytest.fixture
def directory(write: Write) -> Path:
    return write(
        stages=["createRuntime", "precreate"], when={"annotations": {"^a$": "^x+$"}}
    ).parent


def test_calls_leak_no_memory(python: Python, library: Path, directory: Path) -> None:
    assert growth(python, library, directory, 100_000, "freed") < 2048


def test_leaked_strings_are_detected(python: Python, library: Path, directory: Path) -> None:
    assert growth(python, library, directory, 10_000, "leak") > 2048


@pytest.fixture
def balance(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """Count the library's objects and strings: each returned pointer adds 1, each freed one
    subtracts 1.
    """
    there: Counter[int] = Counter()
    gc.collect()

    def making(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            result = real(*arguments)
            # Outputs are passed as byref(c_void_p()).
            outputs = [getattr(argument, "_obj", None) for argument in arguments]
            there.update(
                output.value for output in outputs if isinstance(output, c_void_p) and output.value
            )
            return result

        return call

    def freeing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(pointer: Any) -> None:
            there.subtract([pointer.value] if pointer.value else [])
            real(pointer)

        return call

    def creating(real: Callable[..., Any]) -> Callable[..., Any]:
        def call() -> Any:
            pointer = real()
            there.update([pointer])
            return pointer

        return call

    for name, (_, arguments) in _ffi._FUNCTIONS.items():
        function = getattr(_ffi._library, name)
        if name.endswith("_free"):
            monkeypatch.setattr(_ffi._library, name, freeing(function))
        elif name.endswith("_new") and not arguments:
            monkeypatch.setattr(_ffi._library, name, creating(function))
        elif _ffi._OUT in arguments:
            monkeypatch.setattr(_ffi._library, name, making(function))
    manager_del, manager_free = _ffi.Manager.__del__, _ffi._library.hooks_manager_free
    monkeypatch.setattr(_ffi.Manager, "__del__", lambda manager: manager_del(manager, manager_free))
    monitor_free, library_free = _ffi.Monitor.free, _ffi._library.hooks_monitor_free
    monkeypatch.setattr(_ffi.Monitor, "free", lambda monitor: monitor_free(monitor, library_free))
    return there


def rejecting(path: Path) -> libhooks.Monitor:
    """Return a monitor whose manager rejects the current files."""
    manager = libhooks.Manager([path.parent], ["precreate"], strict=True)
    monitor = manager.monitor()
    path.chmod(0o666)
    return monitor


def test_everything_is_freed_once(write: Write, balance: Counter[int]) -> None:
    path = write(stages=["createRuntime", "precreate"])
    manager = libhooks.Manager([path.parent], ["precreate"])
    # Only the manager itself exists.
    assert sorted(balance.values(), reverse=True)[:2] == [1, 0]
    manager.hooks({})
    manager.hooks("{}")
    manager.explain({})
    manager.list()
    manager.reload()
    with manager.monitor() as monitor:
        monitor.dispatch()
        monitor.changes()
    libhooks.read(path, ["precreate"])
    libhooks.read_dir(path.parent, ["precreate"])
    libhooks.validate(libhooks.read(path, ["precreate"]), ["precreate"])
    libhooks.when_match({}, {})
    libhooks.run({"path": "/bin/cat"}, "x", output=print)
    libhooks.filter_config([{"path": "/bin/cat"}], {})
    failures: list[Callable[[], object]] = [
        lambda: libhooks.Manager([path.parent]),
        lambda: manager.hooks("{"),
        lambda: manager.explain("{"),
        lambda: rejecting(path).dispatch(),
        lambda: libhooks.read(path),
        lambda: libhooks.read_dir(path.parent),
        lambda: libhooks.validate("null"),
        lambda: libhooks.when_match("{", {}),
        lambda: libhooks.run("{"),
        lambda: libhooks.run({"path": "/nowhere"}),
        lambda: libhooks.run({"path": "/bin/false"}, check=True),
        lambda: libhooks.filter_config([], "{"),
    ]
    for fails in failures:
        with pytest.raises(libhooks.HooksError):
            fails()
    assert sum(balance.values()) == 1
    manager.close()
    gc.collect()
    assert len(balance) > 5
    assert set(balance.values()) == {0}
