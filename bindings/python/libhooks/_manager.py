"""The manager, which injects the hooks of some directories into the configs of containers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Callable, Generic, Optional, TypeVar, Union, overload

from . import _arguments, _ffi
from ._arguments import JSON, Path
from ._diagnostic import Diagnostic
from ._explanation import Explanation
from ._listing import Listing
from ._log import Log
from ._monitor import Change, Monitor
from ._types import OCIHook

DEFAULT_DIR = "/usr/share/containers/oci/hooks.d"
"""The system's hook directory."""

OVERRIDE_DIR = "/etc/containers/oci/hooks.d"
"""The administrator's hook directory, whose files mask those in `DEFAULT_DIR`."""

Config = TypeVar("Config", bound=Union[Mapping[str, object], str, bytes])


@dataclass(frozen=True)
class Result(Generic[Config]):
    """The result of `Manager.hooks`.

    Attributes:
        config: the config with the hooks, in the same form as the argument.
        extension_stage_hooks: the hooks of the extension stages, which the caller must run: by
            stage, in order.
    """

    config: Config
    extension_stage_hooks: dict[str, list[OCIHook]]


class Manager:
    """The hooks of some directories, which can be injected into the configs of containers.

    Any number of threads may use a manager at once; they do not wait for each other or for a
    reload. A manager may be used in the child of a fork. It is a context manager, which closes it.
    A manager that is not closed is freed when nothing refers to it.

    The logger ``libhooks`` receives the diagnostics of the constructor and of `reload`, unless they
    are raised. Each record has the `Diagnostic` in its attribute ``diagnostic``.
    """

    # None also if the constructor failed, or if a subclass did not call it.
    _handle: Optional[_ffi.Manager] = None

    def __init__(
        self,
        directories: Optional[Iterable[Path]] = None,
        extension_stages: Iterable[str] = (),
        *,
        strict: bool = False,
        lenient: bool = False,
        keep_last_good: bool = False,
        root: Optional[Path] = None,
    ) -> None:
        """Load the hooks.

        Args:
            directories: the directories: a file in a later directory masks a file with the same
                name in an earlier one. A directory need not exist. None means `DEFAULT_DIR` and
                `OVERRIDE_DIR`.
            extension_stages: additional stages that hooks may name, and that the caller runs
                itself. Their hooks are returned separately in `Result.extension_stage_hooks`.
            strict: fail for any bad file, and for files and programs that other users can write or
                replace.
            lenient: tolerate all problems, and use the valid hooks.
            keep_last_good: during a reload, keep the last valid form of a hook while its file is
                bad. Requires ``lenient``.
            root: a directory in which hook directories, hook files, symbolic links and programs
                are resolved, as after `os.chroot`. Relative paths start there too. The paths in
                results do not contain it. It is opened at once and stays open. None means the root
                directory of the process.

        Raises:
            HooksError: root cannot be opened; or the hooks of a directory are rejected, by the same
                rules as in Podman unless strict or lenient is set. Its ``diagnostics`` has all
                diagnostics of all directories.
            TypeError, ValueError: an argument has a wrong type or contains a NUL, or options
                contradict each other.
        """
        for name, value in (
            ("strict", strict),
            ("lenient", lenient),
            ("keep_last_good", keep_last_good),
        ):
            _arguments.switch(name, value)
        if strict and lenient:
            raise ValueError("strict and lenient must not both be True")
        if keep_last_good and not lenient:
            raise ValueError("keep_last_good requires lenient")
        if directories is None:
            directories = (DEFAULT_DIR, OVERRIDE_DIR)
        self._handle = handle = _ffi.Manager(
            _arguments.paths("directories", directories),
            _arguments.stages(extension_stages),
            _ffi.STRICT if strict else _ffi.LENIENT if lenient else _ffi.COMPATIBLE,
            keep_last_good,
            _arguments.optional_path("root", root),
        )
        self._log = Log()
        self._log_all(handle)

    @overload
    def hooks(
        self,
        config: str,
        annotations: Optional[Mapping[str, str]] = None,
        has_bind_mounts: Optional[bool] = None,
    ) -> Result[str]: ...
    @overload
    def hooks(
        self,
        config: bytes,
        annotations: Optional[Mapping[str, str]] = None,
        has_bind_mounts: Optional[bool] = None,
    ) -> Result[bytes]: ...
    @overload
    def hooks(
        self,
        config: Mapping[str, object],
        annotations: Optional[Mapping[str, str]] = None,
        has_bind_mounts: Optional[bool] = None,
    ) -> Result[dict[str, Any]]: ...
    def hooks(
        self,
        config: JSON,
        annotations: Optional[Mapping[str, str]] = None,
        has_bind_mounts: Optional[bool] = None,
    ) -> Union[Result[str], Result[bytes], Result[dict[str, Any]]]:
        """Inject the hooks that match a container into its OCI config.

        Calling this with a returned config injects the hooks again.

        If the config is a str or bytes, all of it except ``hooks`` is returned unchanged, byte for
        byte. If it is a mapping, a new dict is returned in which ``hooks`` is replaced, or added if
        a hook matched. The mapping is not changed, and all its other values are the same objects.

        Args:
            config: the container's OCI config: JSON, or a mapping that JSON can represent.
            annotations: the container's annotations. None means those of the config.
            has_bind_mounts: whether the container has bind mounts. None means to look at the mounts
                of the config. That is only a guess, since engines add mounts of their own.

        A lone surrogate in a mapping, such as `os.fsdecode` creates for a byte that is not UTF-8,
        counts as U+FFFD, just as Podman treats that byte. It is an error if this makes the keys of
        two annotations equal. A str or bytes must be UTF-8.

        Raises:
            HooksError: the config is not valid (kind ``"json"``, ``"utf8"``), or its
                ``process.args`` is empty and a hook needs it (``"match"``). Nothing is injected
                then.
            TypeError, ValueError: an argument has a wrong type or cannot be converted to JSON
                (NaN), or the manager is closed.
        """
        if not isinstance(config, (str, bytes)) and isinstance(config, Mapping):
            # The same members must be encoded and returned, even if another thread changes the
            # caller's mapping.
            config = dict(config)
        text, stage_hooks = self._open().hooks(
            _arguments.json_text("config", config),
            _arguments.annotations_text(annotations),
            _arguments.bind_mounts(has_bind_mounts),
        )
        extension_stage_hooks: dict[str, list[OCIHook]] = json.loads(stage_hooks)
        if isinstance(config, str):
            return Result(text.decode(), extension_stage_hooks)
        if isinstance(config, bytes):
            return Result(text, extension_stage_hooks)
        # Only the hooks are taken from the result: the other members are not converted to JSON and
        # back.
        answer = json.loads(text)
        injected = {**config, "hooks": answer["hooks"]} if "hooks" in answer else dict(config)
        return Result(injected, extension_stage_hooks)

    def explain(
        self,
        config: JSON,
        annotations: Optional[Mapping[str, str]] = None,
        has_bind_mounts: Optional[bool] = None,
    ) -> Explanation:
        """Return for each hook whether it matches a container, and why.

        The explanation has the result of each condition. The arguments are those of `hooks`.

        Raises:
            HooksError: the config is not valid. If `hooks` would fail for another reason, that
                error is in ``error``.
            TypeError, ValueError: as for `hooks`.
        """
        text = self._open().explain(
            _arguments.json_text("config", config),
            _arguments.annotations_text(annotations),
            _arguments.bind_mounts(has_bind_mounts),
        )
        return Explanation._of(json.loads(text))

    def list(self) -> Listing:
        """Return the hooks in the order of injection, with the masked hooks.

        Raises:
            ValueError: the manager is closed.
        """
        return Listing._of(json.loads(self._open().list()))

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return all diagnostics of the last load, including those that are tolerated.

        Raises:
            ValueError: the manager is closed.
        """
        return _diagnostics(self._open())

    def reload(self) -> None:
        """Read the directories again and replace all hooks at once.

        A concurrent call in another thread uses either the old or the new hooks, never a mixture.

        Raises:
            HooksError: there is a problem and the manager is strict, or there are not enough file
                descriptors or memory to read anything. The old hooks stay in use.
            ValueError: the manager is closed.
        """
        handle = self._open()
        handle.reload()
        self._log_all(handle)

    def monitor(self, callback: Optional[Callable[[tuple[Change, ...]], object]] = None) -> Monitor:
        """Watch the directories, and reload the hooks when they change.

        The directories need not exist. Their parent directories, the targets of symbolic links and
        the hooks' executables are watched, too. Changes since the hooks were loaded are also
        detected.

        Args:
            callback: a function that is called with a tuple of `Change` after each reload that
                changed something. It runs in a daemon thread, which this method starts. Exceptions
                go to `threading.excepthook`, which prints them, and the monitor continues. Problems
                that make a strict manager reject a reload are also passed as changes. None means
                that no thread is started; the caller asks for the changes: see `Monitor`.

        Returns:
            The monitor. The caller must close it; it also ends when nothing refers to it.

        Raises:
            HooksError: the process or the system has no file descriptors left.
            TypeError: the callback is not callable.
            ValueError: the manager is closed.
        """
        _arguments.function("callback", callback)
        return Monitor(self._open(), self._log, callback)

    @property
    def generation(self) -> int:
        """The generation number, which increases with each new set of hooks.

        Raises:
            ValueError: the manager is closed.
        """
        return self._open().generation()

    @property
    def closed(self) -> bool:
        """Whether the manager is closed."""
        return self._handle is None

    def close(self) -> None:
        """Close the manager.

        Calls in other threads finish normally, and the last of them frees the hooks. Later calls
        raise ValueError. Closing again does nothing.
        """
        self._handle = None

    def __enter__(self) -> Manager:
        self._open()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        handle = self._handle
        state = "closed" if handle is None else f"generation {handle.generation()}"
        return f"<{type(self).__module__}.{type(self).__qualname__} {state}>"

    def _open(self) -> _ffi.Manager:
        # The caller holds this reference, so another thread that closes the manager does not free
        # it.
        handle = self._handle
        if handle is None:
            raise ValueError("the manager is closed")
        return handle

    def _log_all(self, handle: _ffi.Manager) -> None:
        """Log the diagnostics of the last load."""
        if self._log.is_wanted():
            self._log.all(_diagnostics(handle))


def _diagnostics(handle: _ffi.Manager) -> tuple[Diagnostic, ...]:
    return tuple(map(Diagnostic._of, json.loads(handle.diagnostics())))
