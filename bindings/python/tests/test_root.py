"""Tests of the keyword root."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import libhooks


def _image(directory: Path) -> Path:
    """Make a root in which a hook file is an absolute link, and its program is only there."""
    for name in ("etc/hooks.d", "opt"):
        (directory / name).mkdir(parents=True)
    (directory / "opt/hook").touch()
    hook = {
        "version": "1.0.0",
        "hook": {"path": "/opt/hook"},
        "when": {"always": True},
        "stages": ["poststop"],
    }
    (directory / "opt/real").write_text(json.dumps(hook))
    (directory / "etc/hooks.d/a.json").symlink_to("/opt/real")
    return directory


def test_manager(tmp_path: Path) -> None:
    image = _image(tmp_path / "image")
    with libhooks.Manager(["/etc/hooks.d"], root=image) as manager:
        assert [str(hook.path) for hook in manager.list().hooks] == ["/etc/hooks.d/a.json"]
        image.rename(tmp_path / "moved")
        manager.reload()
        assert len(manager.list().hooks) == 1


def test_files(tmp_path: Path) -> None:
    image = _image(tmp_path / "image")
    assert libhooks.read("etc/hooks.d/a.json", root=image)["hook"]["path"] == "/opt/hook"
    assert list(libhooks.read_dir("/etc/hooks.d", root=str(image))) == ["a.json"]
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.read("/opt/none.json", root=image)
    assert caught.value.path == "/opt/none.json"


@pytest.mark.parametrize("use", ["manager", "read", "read_dir"])
def test_errors(tmp_path: Path, use: str) -> None:
    missing = tmp_path / "missing"
    calls: dict[str, Callable[[], object]] = {
        "manager": lambda: libhooks.Manager([], root=missing),
        "read": lambda: libhooks.read("/a.json", root=missing),
        "read_dir": lambda: libhooks.read_dir("/", root=missing),
    }
    with pytest.raises(libhooks.HooksError) as caught:
        calls[use]()
    assert caught.value.kind == "io"
    assert caught.value.errno == 2
    assert caught.value.path == str(missing)
    with pytest.raises(TypeError, match="root must be"):
        libhooks.Manager([], root=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="root contains a NUL"):
        libhooks.Manager([], root="a\0b")
