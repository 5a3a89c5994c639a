"""OCI hooks from hooks.d directories, matched and injected as Podman, Buildah and CRI-O do.

>>> import libhooks
>>> with libhooks.Manager() as manager:
...     result = manager.hooks({"ociVersion": "1.2.0", "process": {"args": ["/bin/sh"]}})
>>> result.extension_stage_hooks
{}

A `Manager` holds the hooks of some directories, and its `Monitor` reloads them when they change.
`read`, `read_dir`, `validate` and `when_match` work with hook files, without a manager. `run` runs
a hook, and `filter_config` passes a config through several hooks. A failure raises `HooksError`; an
invalid argument raises `TypeError` or `ValueError`.

Any number of threads may use all objects at once. They may also be used after a fork, except that
the child can only close a monitor.

This package uses the C library libhooks. Importing the package loads the library, and raises
ImportError if that fails. It loads the file named by the environment variable LIBHOOKS_PATH;
otherwise the library in the package, which wheels contain; otherwise the system's
``libhooks.so.0``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _ffi
from ._diagnostic import Diagnostic
from ._explanation import (
    AlwaysCondition,
    Annotation,
    AnnotationCondition,
    BindMountsCondition,
    CommandsCondition,
    Condition,
    Explanation,
    HookVerdict,
    NearMiss,
)
from ._files import read, read_dir, validate, when_match
from ._listing import ListedHook, Listing, MaskedHook
from ._manager import DEFAULT_DIR, OVERRIDE_DIR, Manager, Result
from ._monitor import Change, Monitor
from ._results import CompletedHook, DroppedMembers, FilterFailure, FilterResult, HooksError
from ._run import filter_config, run
from ._types import Hook, OCIHook, When

__all__ = [
    "DEFAULT_DIR",
    "OVERRIDE_DIR",
    "AlwaysCondition",
    "Annotation",
    "AnnotationCondition",
    "BindMountsCondition",
    "Change",
    "CommandsCondition",
    "CompletedHook",
    "Condition",
    "Diagnostic",
    "DroppedMembers",
    "Explanation",
    "FilterFailure",
    "FilterResult",
    "Hook",
    "HookVerdict",
    "HooksError",
    "ListedHook",
    "Listing",
    "Manager",
    "MaskedHook",
    "Monitor",
    "NearMiss",
    "OCIHook",
    "Result",
    "When",
    "filter_config",
    "read",
    "read_dir",
    "run",
    "validate",
    "version",
    "when_match",
]

__version__: str
"""The version of this package; `version` returns the version of the library."""


def version() -> str:
    """Return the version of the loaded C library, such as ``"0.1.0"``."""
    return _ffi.version()


if not TYPE_CHECKING:  # A type checker would accept any attribute as a str.

    def __getattr__(name: str) -> str:
        # This is not done at import, since it takes as long as the rest of the import.
        if name == "__version__":
            from importlib import metadata  # noqa: PLC0415

            try:
                return metadata.version("libhooks")
            except metadata.PackageNotFoundError:
                raise AttributeError("libhooks has no __version__: it is not installed") from None
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
