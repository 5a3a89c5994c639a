"""Hook files and conditions, without a manager."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Optional

from . import _arguments, _ffi
from ._arguments import JSON, Path
from ._types import Hook


def read(path: Path, extension_stages: Iterable[str] = (), *, root: Optional[Path] = None) -> Hook:
    """Read and validate one hook file.

    Args:
        path: the file; its name must end in ``.json``.
        extension_stages: additional stages that the hook may name.
        root: a directory in which the path, symbolic links and programs are resolved, as for
            `Manager`.

    Returns:
        The hook in the form of version 1.0.0, even if the file has another version.

    Raises:
        HooksError: the file cannot be read (see ``errno``), or is not a valid hook file (see
            ``path``, ``line``, ``column``).
        TypeError, ValueError: an argument has a wrong type or contains a NUL.
    """
    hook: Hook = json.loads(
        _ffi.read_file(
            _arguments.path("path", path),
            _arguments.stages(extension_stages),
            _arguments.optional_path("root", root),
        )
    )
    return hook


def read_dir(
    path: Path, extension_stages: Iterable[str] = (), *, root: Optional[Path] = None
) -> dict[str, Hook]:
    """Read and validate the hook files in one directory.

    Args:
        path: the directory.
        extension_stages: additional stages that hooks may name.
        root: a directory in which the path, symbolic links and programs are resolved, as for
            `Manager`.

    Returns:
        The hooks by the names of their files.

    Raises:
        HooksError: the directory does not exist or cannot be read, or a file is not valid. Its
            ``hooks`` are the valid hooks.
        TypeError, ValueError: an argument has a wrong type or contains a NUL.
    """
    error, text = _ffi.read_dir(
        _arguments.path("path", path),
        _arguments.stages(extension_stages),
        _arguments.optional_path("root", root),
    )
    listed = [] if text is None else json.loads(text)["hooks"]
    hooks: dict[str, Hook] = {
        hook["name"]: hook["hook"] for hook in sorted(listed, key=lambda hook: hook["name"])
    }
    if error is not None:
        error.hooks = hooks
        raise error
    return hooks


def validate(hook: JSON, extension_stages: Iterable[str] = ()) -> None:
    """Validate a hook of version 1.0.0, given as JSON or as a mapping.

    Raises:
        HooksError: the hook is not valid; the message says why.
        TypeError, ValueError: an argument has a wrong type, or cannot be converted to JSON.
    """
    _ffi.validate(_arguments.json_text("hook", hook), _arguments.stages(extension_stages))


def when_match(
    when: JSON,
    config: JSON,
    annotations: Optional[Mapping[str, str]] = None,
    has_bind_mounts: Optional[bool] = None,
) -> bool:
    """Return whether conditions hold for a container.

    Args:
        when: the conditions: the ``when`` of a hook of version 1.0.0, as JSON or as a mapping. They
            need not be validated first.
        config, annotations, has_bind_mounts: the container, as for `Manager.hooks`.

    Raises:
        HooksError: the config is not valid; a pattern is not valid and was evaluated; or
            ``process.args`` is empty and a condition needs it.
        TypeError, ValueError: an argument has a wrong type, or cannot be converted to JSON.
    """
    return _ffi.when_match(
        _arguments.json_text("when", when),
        _arguments.json_text("config", config),
        _arguments.annotations_text(annotations),
        _arguments.bind_mounts(has_bind_mounts),
    )
