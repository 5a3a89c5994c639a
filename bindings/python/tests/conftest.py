"""Fixtures that the tests share."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional, Protocol

import pytest

import libhooks
from libhooks import _ffi


class Write(Protocol):
    """Write a hook file, by default one that matches any container, and return its path."""

    def __call__(self, name: str = ..., directory: str = ..., **changes: Any) -> Path: ...


class Put(Protocol):
    """Put a hook file into its directory in one step, so that it is one change and never
    incomplete.
    """

    def __call__(self, name: str = ..., directory: str = ..., **changes: Any) -> None: ...


class Python(Protocol):
    """Run a program in another Python interpreter.

    It sees only a copy of the package, with or without a library in it.
    """

    def __call__(
        self, program: str, *arguments: str, bundled: Optional[str] = ..., **env: str
    ) -> Any: ...


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parents[3]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str = "a.json", directory: str = "hooks.d", **changes: Any) -> Path:
        # (Without `env`, or with the arguments of another file, it would have a diagnostic.)
        process: dict[str, Any] = {"path": "/bin/sh", "env": ["A=b"]}
        if name != "a.json":
            process["args"] = ["sh", name]
        hook = {
            "version": "1.0.0",
            "hook": process,
            "when": {"always": True},
            "stages": ["createRuntime"],
            **changes,
        }
        path = tmp_path / directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(hook))
        # The strict policy checks the modes, which must not depend on the umask.
        path.parent.chmod(0o755)
        path.chmod(0o644)
        return path

    return write


@pytest.fixture
def hooks_d(write: Write) -> Path:
    """A directory with one hook, which matches any container."""
    return write().parent


@pytest.fixture
def put(write: Write, tmp_path: Path) -> Put:
    def put(name: str = "b.json", directory: str = "hooks.d", **changes: Any) -> None:
        write(name, "side", **changes).replace(tmp_path / directory / name)

    return put


@pytest.fixture
def path(write: Write) -> Path:
    """A hook file that is alone in its directory."""
    return write()


@pytest.fixture
def collected() -> None:
    """Free everything that exceptions of earlier tests still refer to."""
    gc.collect()


@pytest.fixture(scope="session")
def library() -> Path:
    """The file of the loaded library."""
    path = Path(_ffi._library._name)
    if path.is_absolute():
        return path
    lines = Path("/proc/self/maps").read_text().splitlines()
    return next(Path(line.split()[-1]) for line in lines if "libhooks.so" in line)


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """See `Python`.

    `bundled` is the library to put into the package; `env` is added to an empty environment.
    """

    def python(program: str, *arguments: str, bundled: Optional[str] = None, **env: str) -> Any:
        place = tmp_path / "place"
        shutil.rmtree(place, ignore_errors=True)
        package = Path(libhooks.__file__).parent
        shutil.copytree(
            package, place / "libhooks", ignore=shutil.ignore_patterns("*.so*", "__pycache__")
        )
        if bundled is not None:
            shutil.copyfile(bundled, place / "libhooks" / "libhooks.so.0")
        # Warnings are errors, and are also reported when the interpreter shuts down.
        command = [sys.executable, "-X", "dev", "-W", "error", "-c", program, *arguments]
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        return subprocess.run(
            command,
            env={"PYTHONPATH": str(place), **kept, **env},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return python
