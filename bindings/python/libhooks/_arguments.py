"""Argument validation and conversion. Errors name the offending argument."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from typing import Literal, Optional, Protocol, Union

from . import _ffi

Path = Union[str, bytes, os.PathLike[str], os.PathLike[bytes]]
"""A path, as `open` accepts it."""

JSON = Union[Mapping[str, object], str, bytes]
"""JSON, as a mapping or as a JSON string."""


class HasFileno(Protocol):
    """An object with a file descriptor, such as an open file, a socket or an event."""

    def fileno(self) -> int:
        """Return the file descriptor."""


Descriptor = Union[int, HasFileno]
"""A file descriptor, as `subprocess` accepts it."""

ProcessGroup = Literal["auto", "caller", "own"]
"""The process group in which a hook runs."""

# The library counts nanoseconds in 64 bits. The maximum is practically unlimited.
_MOST_MS = (1 << 63) // 10**6 - 1


def _type_error(name: str, wanted: str, value: object) -> TypeError:
    return TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def _without_nul(name: str, value: bytes) -> bytes:
    # In C a NUL would end the string.
    if b"\0" in value:
        raise ValueError(f"{name} contains a NUL")
    return value


def _utf8(name: str, text: str) -> bytes:
    try:
        return _without_nul(name, text.encode())
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} cannot be encoded as UTF-8: {error}") from error


def path(name: str, value: Path) -> bytes:
    """Convert a path to bytes."""
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise _type_error(name, "a str, bytes or os.PathLike", value)
    try:
        return _without_nul(name, os.fsencode(value))
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} is not a path: {error}") from error


def optional_path(name: str, value: Optional[Path]) -> Optional[bytes]:
    """Convert a path to bytes. None stays None."""
    return None if value is None else path(name, value)


def paths(name: str, values: Iterable[Path]) -> list[bytes]:
    """Convert an iterable of paths.

    A single path is rejected, since a str is an iterable of its characters.
    """
    if isinstance(values, (str, bytes, os.PathLike)) or not isinstance(values, Iterable):
        raise _type_error(name, "an iterable of paths", values)
    return [path(f"{name}[{index}]", value) for index, value in enumerate(values)]


def stages(values: Iterable[str], name: str = "extension_stages") -> list[bytes]:
    """Convert an iterable of stages; a single stage is rejected."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise _type_error(name, "an iterable of stages", values)
    encoded = []
    for index, value in enumerate(values):
        if not isinstance(value, str):
            raise _type_error(f"{name}[{index}]", "a str", value)
        encoded.append(_utf8(f"{name}[{index}]", value))
    return encoded


def json_text(name: str, value: JSON) -> bytes:
    """Convert a mapping or a JSON string to JSON in UTF-8."""
    if isinstance(value, str):
        return _utf8(name, value)
    if isinstance(value, bytes):
        return _without_nul(name, value)
    if not isinstance(value, Mapping):
        raise _type_error(name, "a mapping, or JSON as a str or bytes", value)
    return _dumps(name, value)


def _dumps(name: str, value: object) -> bytes:
    # JSON has no NaN or infinity. The result is ASCII, so a lone surrogate becomes an escape,
    # which the library reads as U+FFFD.
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"), default=_data).encode()
    except RecursionError:
        raise ValueError(f"{name} is nested too deeply") from None
    except (TypeError, ValueError) as error:
        raise (ValueError if isinstance(error, ValueError) else TypeError)(
            f"{name}: {error}"
        ) from error


def _data(value: object) -> object:
    """Convert an object that `json.dumps` does not support: a mapping that is not a dict."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be converted to JSON")


def annotations_text(value: Optional[Mapping[str, str]]) -> Optional[bytes]:
    """Convert a mapping of str to str to JSON.

    Other types are rejected, since JSON would silently convert them to other annotations.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise _type_error("annotations", "a mapping of str to str", value)
    # Another thread may change the caller's mapping between the checks and the encoding.
    value = dict(value)
    for key, text in value.items():
        if not isinstance(key, str):
            raise _type_error(f"annotations: the key {key!r}", "a str", key)
        if not isinstance(text, str):
            raise _type_error(f"annotations[{key!r}]", "a str", text)
    return json_text("annotations", value)


def switch(name: str, value: bool) -> None:
    """Check that a value is True or False, and not just true or false."""
    if not isinstance(value, bool):
        raise _type_error(name, "a bool", value)


def process_group(value: ProcessGroup) -> int:
    """Convert the name of a process group to its number."""
    if not isinstance(value, str):
        raise _type_error("process_group", "a str", value)
    if value not in _ffi.GROUPS:
        raise ValueError(
            f"process_group is {value!r}, not one of {', '.join(map(repr, _ffi.GROUPS))}"
        )
    return _ffi.GROUPS[value]


def bind_mounts(value: Optional[bool]) -> int:
    """Convert True, False or None, which means that the library detects it."""
    if value is None:
        return _ffi.DETECT
    if not isinstance(value, bool):
        raise _type_error("has_bind_mounts", "a bool or None", value)
    return int(value)


def hooks_text(value: Union[Iterable[Mapping[str, object]], str, bytes]) -> bytes:
    """Convert hooks to JSON, from a JSON string or an iterable of mappings.

    A single mapping is rejected, since it is an iterable of its keys.
    """
    if isinstance(value, (str, bytes)):
        return json_text("hooks", value)
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise _type_error("hooks", "an iterable of hooks, or JSON as a str or bytes", value)
    hooks = list(value)
    for index, hook in enumerate(hooks):
        if not isinstance(hook, Mapping):
            raise _type_error(f"hooks[{index}]", "a mapping", hook)
    return _dumps("hooks", hooks)


def state_bytes(value: Union[bytes, str, Mapping[str, object]]) -> bytes:
    """Convert the hook's stdin: bytes, a str to UTF-8, or a mapping to JSON."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"state cannot be encoded as UTF-8: {error}") from error
    if not isinstance(value, Mapping):
        raise _type_error("state", "bytes, a str or a mapping", value)
    return _dumps("state", value)


def _milliseconds(name: str, seconds: float) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise _type_error(name, "a number of seconds or None", seconds)
    if math.isnan(seconds):
        raise ValueError(f"{name} is not a number")
    # Rounding up keeps a short time from becoming 0.
    return math.ceil(max(-_MOST_MS, min(seconds * 1000, _MOST_MS)))


def timeout_ms(value: Optional[float]) -> int:
    """Convert a timeout to the library's milliseconds: -1 for None, 0 if it has already expired."""
    return -1 if value is None else max(0, _milliseconds("timeout", value))


def post_kill_timeout_ms(value: Optional[float]) -> int:
    """Convert a timeout to the library's milliseconds; None means to wait without a limit."""
    return _MOST_MS if value is None else _milliseconds("post_kill_timeout", value)


def size(name: str, value: int) -> int:
    """Check a number of bytes."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise _type_error(name, "an int", value)
    if not 0 <= value < 1 << 63:
        raise ValueError(f"{name} must be from 0 to 2**63 - 1, not {value}")
    return value


def descriptor(name: str, value: Optional[Descriptor]) -> int:
    """Convert a file descriptor, or an object that has one; None becomes -1."""
    if value is None:
        return -1
    if not isinstance(value, int) and hasattr(value, "fileno"):
        value = value.fileno()
    if isinstance(value, bool) or not isinstance(value, int):
        raise _type_error(name, "a file descriptor, or an object with fileno()", value)
    if not 0 <= value < 1 << 31:
        raise ValueError(f"{name} is not a file descriptor: {value}")
    return value


def function(name: str, value: object) -> None:
    """Check that a value is callable or None."""
    if value is not None and not callable(value):
        raise _type_error(name, "callable", value)
