"""OCI hooks from hooks.d directories, matched and injected as Podman, Buildah and CRI-O do.

>>> import libhooks
>>> with libhooks.Manager() as manager:
...     result = manager.hooks({"ociVersion": "1.2.0", "process": {"args": ["/bin/sh"]}})
>>> result.extension_stage_hooks
{}

`Manager` holds the hooks of some directories, and its `Monitor` reloads them when they change;
`read`, `read_dir`, `validate` and `when_match` are for hook files by themselves; `run` runs a hook,
and `filter_config` passes a config through several. What fails raises `HooksError`, and what is
wrong with a call's arguments `TypeError` or `ValueError`.

Everything may be used by any number of threads at once, and in the child of a fork, where a monitor
is only to be closed.

This stands on the C library libhooks. It is loaded when this module is imported, which raises
ImportError if it cannot be: from the file that the environment variable LIBHOOKS_PATH names; else
from the package itself, if it carries one, as wheels do; else as ``libhooks.so.0`` from where the
system has its libraries. """

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
from ._results import CompletedHook, FilterFailure, FilterResult, HooksError
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
"""The version of this package; `version` is that of the library."""


def version() -> str:
    """The version of the C library that is loaded, such as ``"0.1.0"``."""
    return _ffi.version()


if not TYPE_CHECKING:  # which would take any name for a text

    def __getattr__(name: str) -> str:
        # Looked up when it is asked for: it takes as long as all the rest of the import.
        if name == "__version__":
            from importlib import metadata  # noqa: PLC0415

            try:
                return metadata.version("libhooks")
            except metadata.PackageNotFoundError:
                raise AttributeError("libhooks has no __version__, since it is not installed") from None
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
