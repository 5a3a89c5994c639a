"""The manager: the hooks of some directories, injected into one container's config after
another."""

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
"""The well-known directory of the system's hooks."""

OVERRIDE_DIR = "/etc/containers/oci/hooks.d"
"""The well-known directory of the administrator's hooks, preferred to `DEFAULT_DIR`."""

Config = TypeVar("Config", bound=Union[Mapping[str, object], str, bytes])


@dataclass(frozen=True)
class Result(Generic[Config]):
    """What `Manager.hooks` gives.

    Attributes:
        config: the config with the hooks, in the form in which it was given. extension_stage_hooks:
        the hooks of the extension stages, for the caller to run: by stage, in order.
    """

    config: Config
    extension_stage_hooks: dict[str, list[OCIHook]]


class Manager:
    """The hooks of some directories, ready to be injected into the configs of containers.

    Any number of threads may use a manager at once; none waits for another, nor for a reload. It
    may be used in the child of a fork. It is a context manager, which closes it; one that is not
    closed is freed when nothing refers to it.

    What was found wrong when hooks were loaded, by this or by `reload`, is also logged, unless it
    was raised: by the logger ``libhooks``, with the `Diagnostic` as the record's attribute
    ``diagnostic``. """

    # Of one whose making failed, or was left out by a subclass, too.
    _handle: Optional[_ffi.Manager] = None

    def __init__(
        self,
        directories: Optional[Iterable[Path]] = None,
        extension_stages: Iterable[str] = (),
        *,
        strict: bool = False,
        lenient: bool = False,
        keep_last_good: bool = False,
    ) -> None:
        """Loads the hooks.

        Args:
            directories: the directories, in increasing preference: a file in a later one masks that
            of the same name
                in an earlier one. One that does not exist is no error. None: `DEFAULT_DIR` and
                `OVERRIDE_DIR`.
            extension_stages: stages beyond those of OCI that hooks may name, and that the caller
            runs itself; their
                hooks come back apart, as `Result.extension_stage_hooks`.
            strict: any bad file fails, and files and programs that other users can write or
            replace. lenient: nothing fails; the good hooks are used. keep_last_good: a reload keeps
            the last good form of a hook while its file is bad. Only with ``lenient``.

        Raises:
            HooksError: the hooks of a directory are refused, unless strict or lenient as Podman
            refuses them; its
                ``diagnostics`` are all problems of all directories.
            TypeError, ValueError: an argument is of another type, or has a NUL in it; options
            contradict each other.
        """
        for name, value in (("strict", strict), ("lenient", lenient), ("keep_last_good", keep_last_good)):
            _arguments.switch(name, value)
        if strict and lenient:
            raise ValueError("a manager is strict or lenient, not both")
        if keep_last_good and not lenient:
            raise ValueError("keep_last_good goes with lenient only")
        if directories is None:
            directories = (DEFAULT_DIR, OVERRIDE_DIR)
        self._handle = handle = _ffi.Manager(
            _arguments.paths("directories", directories),
            _arguments.stages(extension_stages),
            _ffi.STRICT if strict else _ffi.LENIENT if lenient else _ffi.COMPATIBLE,
            keep_last_good,
        )
        self._log = Log()
        self._tell(handle)

    @overload
    def hooks(
        self, config: str, annotations: Optional[Mapping[str, str]] = None, has_bind_mounts: Optional[bool] = None
    ) -> Result[str]: ...
    @overload
    def hooks(
        self, config: bytes, annotations: Optional[Mapping[str, str]] = None, has_bind_mounts: Optional[bool] = None
    ) -> Result[bytes]: ...
    @overload
    def hooks(
        self,
        config: Mapping[str, object],
        annotations: Optional[Mapping[str, str]] = None,
        has_bind_mounts: Optional[bool] = None,
    ) -> Result[dict[str, Any]]: ...
    def hooks(
        self, config: JSON, annotations: Optional[Mapping[str, str]] = None, has_bind_mounts: Optional[bool] = None
    ) -> Union[Result[str], Result[bytes], Result[dict[str, Any]]]:
        """Injects the hooks that match a container into its OCI config. Calling it on what came out
        injects them again.

        A config that is text comes out byte for byte as it went in, but for its ``hooks``. Of one
        that is a mapping, a new dict comes out with ``hooks`` replaced, or added if a hook matched;
        the mapping itself is not changed, and all its other values are the very same objects.

        Args:
            config: the container's OCI config: JSON text, or a mapping of what JSON can hold.
            annotations: the container's annotations. None: those of the config. has_bind_mounts:
            whether it has bind mounts. None: whether the mounts of the config say so, which is a
            hint,
                since engines mount files of their own.

        A lone surrogate in a mapping, such as `os.fsdecode` makes of a byte that is not UTF-8,
        counts as U+FFFD, as that byte does for Podman; two annotations whose keys become one by
        that are an error. Text must be UTF-8.

        Raises:
            HooksError: the config is not one (kind ``"json"``, ``"utf8"``), or its ``process.args``
            is empty and a hook
                asks for it (``"match"``). Nothing is injected then.
            TypeError, ValueError: an argument is of another type, or JSON cannot hold it (NaN); the
            manager is closed.
        """
        if not isinstance(config, (str, bytes)) and isinstance(config, Mapping):
            # What is asked for and what is given back is the same, whatever other threads do to the
            # caller's.
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
        # Only the hooks are taken from the answer: nothing else goes through JSON and back.
        answer = json.loads(text)
        injected = {**config, "hooks": answer["hooks"]} if "hooks" in answer else dict(config)
        return Result(injected, extension_stage_hooks)

    def explain(
        self, config: JSON, annotations: Optional[Mapping[str, str]] = None, has_bind_mounts: Optional[bool] = None
    ) -> Explanation:
        """Says of each hook whether it matches a container, and why, condition by condition. The
        arguments are those of `hooks`.

        Raises:
            HooksError: the config is not one. That `hooks` would fail for another reason is told as
            ``error``. TypeError, ValueError: as `hooks`.
        """
        text = self._open().explain(
            _arguments.json_text("config", config),
            _arguments.annotations_text(annotations),
            _arguments.bind_mounts(has_bind_mounts),
        )
        return Explanation._of(json.loads(text))

    def list(self) -> Listing:
        """Lists the hooks in the order in which they are injected, and what masks what.

        Raises:
            ValueError: the manager is closed.
        """
        return Listing._of(json.loads(self._open().list()))

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Every problem found when the hooks were loaded last, those too that did not make it fail.

        Raises:
            ValueError: the manager is closed.
        """
        return _diagnostics(self._open())

    def reload(self) -> None:
        """Reads the directories again and swaps the new hooks in as a whole: a call under way in
        another thread goes on with the old set or the new one, never with a mixture.

        Raises:
            HooksError: there is a problem, and the manager is strict; or there are no descriptors
            or no memory left to
                read anything. The old hooks stay.
            ValueError: the manager is closed.
        """
        handle = self._open()
        handle.reload()
        self._tell(handle)

    def monitor(self, callback: Optional[Callable[[tuple[Change, ...]], object]] = None) -> Monitor:
        """Watches the directories from now on, and reloads the hooks when they change. Directories
        need not exist; also watched are those that lead there, where symlinks lead, and the hooks'
        executables. What was written since the hooks were loaded is found, too.

        Args:
            callback: called with a tuple of each `Change` after a reload that changed something, in
            a daemon thread
                that is started here. What it raises goes to `threading.excepthook`, which prints
                it; the monitor goes on. Problems for which a strict manager refuses to reload are
                changes, too. None: there is no thread, and the caller's asks for the changes: see
                `Monitor`.

        Returns:
            The monitor. It is to be closed, and ends when nothing refers to it.

        Raises:
            HooksError: the system has no descriptors left.
            TypeError: the callback cannot be called.
            ValueError: the manager is closed.
        """
        _arguments.function("callback", callback)
        return Monitor(self._open(), self._log, callback)

    @property
    def generation(self) -> int:
        """A number that grows with each set of hooks swapped in.

        Raises:
            ValueError: the manager is closed.
        """
        return self._open().generation()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._handle is None

    def close(self) -> None:
        """Lets go of the hooks. Calls under way in other threads end as usual, and the last of them
        frees the hooks; any later one raises ValueError. Closing again does nothing."""
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
        # Whoever got it holds it, so a close in another thread does not free it under them.
        handle = self._handle
        if handle is None:
            raise ValueError("the manager is closed")
        return handle

    def _tell(self, handle: _ffi.Manager) -> None:
        """Logs what was found when the hooks were loaded."""
        if self._log.is_wanted():
            self._log.all(_diagnostics(handle))


def _diagnostics(handle: _ffi.Manager) -> tuple[Diagnostic, ...]:
    return tuple(map(Diagnostic._of, json.loads(handle.diagnostics())))
