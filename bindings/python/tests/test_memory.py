"""100,000 calls leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Python, Write

# Prints the resident memory after 1,000 calls and at the end, in kB. "leak": strings are not freed, as a control.
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
    print(f"{what}: RSS {after_1000} kB after 1,000 calls, {end} kB after {calls:,}: {end - after_1000} kB more")
    return end - after_1000


@pytest.fixture
def directory(write: Write) -> Path:
    return write(stages=["createRuntime", "precreate"], when={"annotations": {"^a$": "^x+$"}}).parent


def test_calls_leave_no_memory_behind(python: Python, library: Path, directory: Path) -> None:
    assert growth(python, library, directory, 100_000, "freed") < 2048


def test_strings_that_are_not_freed_would_be_seen(python: Python, library: Path, directory: Path) -> None:
    assert growth(python, library, directory, 10_000, "leak") > 2048
