"""The manager: its options, its results, and its end."""

from __future__ import annotations

import copy
import gc
import logging
import os
import pickle
from pathlib import Path
from typing import Any, Callable, Optional

import pytest
from conftest import Python, Write

import libhooks
from libhooks import _ffi


def paths_of_hooks(manager: libhooks.Manager, *arguments: Any) -> list[str]:
    """Return the paths of the createRuntime hooks that a container gets."""
    hooks = manager.hooks({}, *arguments).config.get("hooks", {})
    return [hook["path"] for hook in hooks.get("createRuntime", [])]


def test_the_default_directories(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = _ffi.Manager

    def record(directories: list[bytes], *rest: Any) -> _ffi.Manager:
        asked.append(directories)
        return real([], *rest)

    monkeypatch.setattr(_ffi, "Manager", record)
    libhooks.Manager()
    libhooks.Manager([])
    assert asked == [[os.fsencode(libhooks.DEFAULT_DIR), os.fsencode(libhooks.OVERRIDE_DIR)], []]


def test_directories_are_any_kind_of_path(hooks_d: Path) -> None:
    for path in (hooks_d, str(hooks_d), os.fsencode(hooks_d)):
        for paths in ([path], (path,), iter([path]), {path}):
            with libhooks.Manager(paths) as manager:
                assert paths_of_hooks(manager) == ["/bin/sh"]
    with libhooks.Manager([hooks_d / "missing", ""]) as manager:
        assert manager.list().hooks == ()


def test_a_later_directory_masks_an_earlier_one(write: Write) -> None:
    below, above = write(directory="below"), write(directory="above", hook={"path": "/bin/true"})
    manager = libhooks.Manager([below.parent, above.parent])
    assert paths_of_hooks(manager) == ["/bin/true"]
    assert manager.list() == libhooks.Listing(
        generation=1,
        hooks=(
            libhooks.ListedHook(
                name="a.json",
                path=str(above),
                masks=(str(below),),
                hook={
                    "version": "1.0.0",
                    "hook": {"path": "/bin/true"},
                    "when": {"always": True},
                    "stages": ["createRuntime"],
                },
                injected=("createRuntime",),
                extension_stages=(),
            ),
        ),
        masked=(libhooks.MaskedHook(path=str(below), by=str(above)),),
    )


def test_hooks_of_extension_stages_are_returned_separately(write: Write) -> None:
    path = write(
        stages=["precreate", "createRuntime"],
        hook={"path": "/bin/sh", "args": ["sh", "-c", "true"]},
    )
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "true"]}
    for stages in (["precreate"], ("precreate", "é"), {"precreate": 1}, iter(["precreate"])):
        manager = libhooks.Manager([path.parent], stages)
        assert manager.hooks({}).extension_stage_hooks == {"precreate": [hook]}
        assert manager.hooks("{}").extension_stage_hooks == {"precreate": [hook]}
        assert manager.hooks(b"{}").extension_stage_hooks == {"precreate": [hook]}
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.Manager([path.parent])
    assert (caught.value.kind, caught.value.code) == ("stage", "unknown-stage")


def test_annotations_and_bind_mounts(write: Write) -> None:
    write("a.json", when={"annotations": {"^a$": "^1$"}})
    path = write("b.json", when={"hasBindMounts": True}, hook={"path": "/bin/true"})
    manager = libhooks.Manager([path.parent])

    def paths(
        config: dict[str, Any],
        annotations: Optional[dict[str, str]] = None,
        binds: Optional[bool] = None,
    ) -> Any:
        hooks = manager.hooks(config, annotations, binds).config.get("hooks", {})
        conditions = [
            condition.outcome
            for hook in manager.explain(config, annotations, binds).hooks
            for condition in hook.conditions
        ]
        return [hook["path"] for hook in hooks.get("createRuntime", [])], conditions

    own = {"annotations": {"a": "1"}, "mounts": [{"destination": "/x", "type": "bind"}]}
    assert paths(own) == (["/bin/sh", "/bin/true"], ["holds", "holds"])
    assert paths(own, {}, False) == ([], ["fails", "fails"])
    assert paths(own, {"a": "2"}, True) == (["/bin/true"], ["fails", "holds"])
    assert paths({}, {"a": "1"}) == (["/bin/sh"], ["holds", "fails"])


def test_paths_that_are_not_utf8_can_be_opened(tmp_path: Path) -> None:
    for directory in ("below", "above"):
        file = os.fsencode(tmp_path / directory) + b"-\xff/\xfe.json"
        os.mkdir(os.path.dirname(file))
        with open(file, "w") as opened:
            opened.write('{"hook": "/bin/sh", "stages": ["poststop"], "cmd": ["x"]}')
    above, below = os.fsdecode(file), os.fsdecode(file).replace("above", "below")
    manager = libhooks.Manager([os.path.dirname(below), os.path.dirname(above)])
    listing = manager.list()
    assert [(hook.name, hook.path, hook.masks) for hook in listing.hooks] == [
        ("\udcfe.json", above, (below,))
    ]
    assert listing.masked == (libhooks.MaskedHook(below, by=above),)
    explanation = manager.explain("{}")
    assert (explanation.hooks[0].name, explanation.hooks[0].path) == ("\udcfe.json", above)
    assert explanation.masked == listing.masked
    assert {diagnostic.path for diagnostic in manager.diagnostics()} <= {above, below}
    assert manager.diagnostics()
    with pytest.raises(libhooks.HooksError) as caught:
        libhooks.read(os.path.dirname(above) + "/missing\udcff.json")
    assert caught.value.path == os.path.dirname(above) + "/missing\udcff.json"


def test_reload_and_generation(write: Write) -> None:
    path = write()
    manager = libhooks.Manager([path.parent])
    first = manager.generation
    write(hook={"path": "/bin/true"})
    assert paths_of_hooks(manager) == ["/bin/sh"]
    manager.reload()
    assert paths_of_hooks(manager) == ["/bin/true"]
    assert manager.generation > first
    path.write_text("{")
    manager.reload()
    assert paths_of_hooks(manager) == []
    assert [diagnostic.line for diagnostic in manager.diagnostics()] == [1]


def test_strict_rejects_a_reload_and_keeps_the_old_hooks(write: Write) -> None:
    path = write()
    manager = libhooks.Manager([path.parent], strict=True)
    path.chmod(0o666)
    with pytest.raises(libhooks.HooksError) as caught:
        manager.reload()
    assert (caught.value.kind, caught.value.status, caught.value.code) == (
        "strict",
        -13,
        "writable-by-others",
    )
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["writable-by-others"]
    assert paths_of_hooks(manager) == ["/bin/sh"]
    with pytest.raises(libhooks.HooksError):
        libhooks.Manager([path.parent], strict=True)
    libhooks.Manager([path.parent])


def test_lenient_uses_the_valid_hooks(write: Write) -> None:
    path = write()
    (path.parent / "bad.json").write_text("[]")
    with pytest.raises(libhooks.HooksError):
        libhooks.Manager([path.parent])
    manager = libhooks.Manager([path.parent], lenient=True)
    assert paths_of_hooks(manager) == ["/bin/sh"]
    path.write_text("{")
    manager.reload()
    assert paths_of_hooks(manager) == []


def test_keep_last_good_keeps_a_hook_while_its_file_is_bad(write: Write) -> None:
    path = write()
    manager = libhooks.Manager([path.parent], lenient=True, keep_last_good=True)
    path.write_text("{")
    manager.reload()
    assert paths_of_hooks(manager) == ["/bin/sh"]
    path.unlink()
    manager.reload()
    assert paths_of_hooks(manager) == []


def test_options_that_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="strict and lenient must not both be True"):
        libhooks.Manager([], strict=True, lenient=True)
    for strict in (False, True):
        with pytest.raises(ValueError, match="keep_last_good requires lenient"):
            libhooks.Manager([], strict=strict, keep_last_good=True)
    positional: Any = libhooks.Manager
    with pytest.raises(TypeError):
        positional([], [], True)


def test_a_policy_is_not_lost(hooks_d: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the library returned no options, because of a bug: without options the manager would
    not be strict.
    """
    monkeypatch.setattr(_ffi._library, "hooks_options_new", lambda: None)
    for strict in (True, False):
        with pytest.raises(RuntimeError, match="libhooks does not accept policy"):
            libhooks.Manager([hooks_d], strict=strict)


USES: list[Callable[[libhooks.Manager], object]] = [
    lambda manager: manager.hooks("{}"),
    lambda manager: manager.explain("{}"),
    lambda manager: manager.list(),
    lambda manager: manager.diagnostics(),
    lambda manager: manager.reload(),
    lambda manager: manager.generation,
    lambda manager: manager.__enter__(),
]


def test_a_closed_manager_raises(hooks_d: Path) -> None:
    with libhooks.Manager([hooks_d]) as manager:
        assert not manager.closed
        assert repr(manager) == "<libhooks._manager.Manager generation 1>"
        for use in USES:
            use(manager)
    assert manager.closed
    assert repr(manager) == "<libhooks._manager.Manager closed>"
    for use in USES:
        with pytest.raises(ValueError, match="the manager is closed"):
            use(manager)
    manager.close()
    manager.close()


def test_a_manager_is_closed_when_its_block_fails(hooks_d: Path) -> None:
    with pytest.raises(KeyError), libhooks.Manager([hooks_d]) as manager:
        raise KeyError
    assert manager.closed


@pytest.fixture
def freed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The addresses of the library's managers, in the order in which they are freed."""
    pointers: list[int] = []
    gc.collect()
    free = _ffi.Manager.__del__

    def record(manager: _ffi.Manager) -> None:
        pointers.append((manager._pointer and manager._pointer.value) or 0)
        free(manager)

    monkeypatch.setattr(_ffi.Manager, "__del__", record)
    return pointers


def test_each_manager_is_freed_once_and_immediately(hooks_d: Path, freed: list[int]) -> None:
    gc.disable()
    try:
        manager = libhooks.Manager([hooks_d])
        manager.close()
        assert len(freed) == 1
        assert freed[0] != 0
        manager.close()
        del manager
        assert len(freed) == 1
        # There are no cycles that only the garbage collector would find.
        manager = libhooks.Manager([hooks_d])
        manager.hooks({})
        del manager
        assert len(freed) == 2
    finally:
        gc.enable()


def test_a_failed_constructor_frees_no_manager(hooks_d: Path, freed: list[int]) -> None:
    (hooks_d / "bad.json").write_text("{")
    with pytest.raises(libhooks.HooksError):
        libhooks.Manager([hooks_d])
    with pytest.raises(TypeError):
        libhooks.Manager([hooks_d], [1])  # type: ignore[list-item]
    gc.collect()
    assert freed in ([], [0])


def test_a_manager_cannot_be_copied(hooks_d: Path) -> None:
    manager = libhooks.Manager([hooks_d])
    for copied in (copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            copied(manager)
    # The inner object frees the library's manager, so there must be only one.
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        copy.copy(manager._handle)


def test_a_shallow_copy_of_a_manager_is_independent(hooks_d: Path, freed: list[int]) -> None:
    manager = libhooks.Manager([hooks_d])
    shared = copy.copy(manager)
    manager.close()
    assert paths_of_hooks(shared) == ["/bin/sh"]
    assert freed == []
    shared.close()
    assert len(freed) == 1


def test_the_interpreter_shuts_down_silently(python: Python, library: Path, hooks_d: Path) -> None:
    program = (
        "import sys, libhooks\n"
        "manager = libhooks.Manager([sys.argv[1]])\n"
        "class Holder: pass\n"
        "holder = Holder(); holder.me = holder; holder.manager = libhooks.Manager([sys.argv[1]])\n"
        "libhooks.late = libhooks.Manager([sys.argv[1]])\n"
        "print(len(manager.list().hooks))\n"
    )
    ran = python(program, str(hooks_d), bundled=str(library))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "1\n", "")


def test_problems_are_logged(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = write()
    bad = path.parent / "bad.json"
    bad.write_text("[\n}")
    caplog.set_level(logging.DEBUG, "libhooks")
    manager = libhooks.Manager([path.parent], lenient=True)
    manager.reload()
    problem = manager.diagnostics()[0]
    assert [(record.name, record.levelno) for record in caplog.records] == [
        ("libhooks", logging.ERROR)
    ] * 2
    assert caplog.records[0].getMessage() == f"{bad}:2:1: {problem.message}"
    assert vars(caplog.records[0])["diagnostic"] == problem
    caplog.clear()
    caplog.set_level(logging.CRITICAL, "libhooks")
    manager.reload()
    assert caplog.records == []


def test_nothing_is_printed_if_logging_is_not_configured(
    python: Python, library: Path, hooks_d: Path
) -> None:
    (hooks_d / "bad.json").write_text("{")
    program = "import sys, libhooks; libhooks.Manager([sys.argv[1]], lenient=True)"
    ran = python(program, str(hooks_d), bundled=str(library))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_an_option_is_true_or_false(hooks_d: Path) -> None:
    for name in ("strict", "lenient", "keep_last_good"):
        for value in ("no", None, 1):
            with pytest.raises(TypeError, match=f"{name} must be a bool"):
                libhooks.Manager([hooks_d], **{name: value})  # type: ignore[arg-type]


def test_a_manager_without_constructor_is_closed(capfd: pytest.CaptureFixture[str]) -> None:
    class Forgetful(libhooks.Manager):
        def __init__(self) -> None:
            pass

    manager = Forgetful()
    assert manager.closed
    assert "closed" in repr(manager)
    with pytest.raises(ValueError, match="closed"):
        manager.hooks({})
    _ffi.Manager.__new__(_ffi.Manager).__del__()
    assert capfd.readouterr() == ("", "")


def test_a_config_that_is_nested_too_deeply(hooks_d: Path) -> None:
    deep: dict[str, object] = {}
    for _ in range(200_000):
        deep = {"x": deep}
    with pytest.raises(ValueError, match="config is nested too deeply"):
        libhooks.Manager([hooks_d]).hooks(deep)
    while deep:
        deep = deep["x"]  # type: ignore[assignment]


def test_paths_use_the_encoding_of_the_locale(python: Any, tmp_path: Path, library: Path) -> None:
    folder = tmp_path / "h-é"
    folder.mkdir()
    (folder / "a.json").write_text("{")
    program = (
        "import libhooks, os, sys\n"
        "manager = libhooks.Manager([os.fsencode(sys.argv[1])], lenient=True)\n"
        "path = manager.diagnostics()[0].path\n"
        "assert path == os.fsdecode(os.fsencode(sys.argv[1]) + b'/a.json'), path\n"
        "open(path).close()\n"
    )
    ran = python(
        program,
        str(folder),
        LIBHOOKS_PATH=str(library),
        LC_ALL="C",
        PYTHONUTF8="0",
        PYTHONCOERCECLOCALE="0",
    )
    assert ran.returncode == 0, ran.stderr
