"""Hook files and conditions by themselves, without a manager."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Optional

from . import _arguments, _ffi
from ._arguments import JSON, Path
from ._types import Hook


def read(path: Path, extension_stages: Iterable[str] = ()) -> Hook:
    """Reads one hook file and checks it.

    Args:
        path: the file; its name must end in ``.json``.
        extension_stages: stages beyond those of OCI that it may name.

    Returns:
        The hook in the form of version 1.0.0, whatever the file's is.

    Raises:
        HooksError: it cannot be read (see ``errno``), or is no good hook file (see ``path``,
        ``line``, ``column``). TypeError, ValueError: an argument is of another type, or has a NUL
        in it.
    """
    hook: Hook = json.loads(_ffi.read_file(_arguments.path("path", path), _arguments.stages(extension_stages)))
    return hook


def read_dir(path: Path, extension_stages: Iterable[str] = ()) -> dict[str, Hook]:
    """Reads the hook files of one directory and checks them.

    Args:
        path: the directory.
        extension_stages: stages beyond those of OCI that hooks may name.

    Returns:
        The hooks by the names of their files.

    Raises:
        HooksError: the directory or a file is bad, or the directory is not there; its ``hooks`` are
        the good ones. TypeError, ValueError: an argument is of another type, or has a NUL in it.
    """
    error, text = _ffi.read_dir(_arguments.path("path", path), _arguments.stages(extension_stages))
    hooks: dict[str, Hook] = {} if text is None else json.loads(text)
    if error is not None:
        error.hooks = hooks
        raise error
    return hooks


def validate(hook: JSON, extension_stages: Iterable[str] = ()) -> None:
    """Checks a hook of version 1.0.0, which is JSON text or a mapping.

    Raises:
        HooksError: the hook is no good one; the text says why.
        TypeError, ValueError: an argument is of another type, or JSON cannot hold it.
    """
    _ffi.validate(_arguments.json_text("hook", hook), _arguments.stages(extension_stages))


def when_match(
    when: JSON,
    config: JSON,
    annotations: Optional[Mapping[str, str]] = None,
    has_bind_mounts: Optional[bool] = None,
) -> bool:
    """Says whether conditions hold for a container.

    Args:
        when: the conditions: the ``when`` of a hook of version 1.0.0, as JSON text or a mapping.
        They need not have
            been checked.
        config, annotations, has_bind_mounts: the container, as for `Manager.hooks`.

    Raises:
        HooksError: the config is not one; a pattern is none, and was reached; ``process.args`` is
        empty, and was
            asked for.
        TypeError, ValueError: an argument is of another type, or JSON cannot hold it.
    """
    return _ffi.when_match(
        _arguments.json_text("when", when),
        _arguments.json_text("config", config),
        _arguments.annotations_text(annotations),
        _arguments.bind_mounts(has_bind_mounts),
    )
