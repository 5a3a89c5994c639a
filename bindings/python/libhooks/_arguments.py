"""What callers give, as the library takes it. Whatever cannot be what is asked for is refused, by
its name."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from typing import Literal, Optional, Protocol, Union

from . import _ffi

Path = Union[str, bytes, os.PathLike[str], os.PathLike[bytes]]
"""A path, as `open` takes it."""

JSON = Union[Mapping[str, object], str, bytes]
"""JSON, as data or as text."""


class HasFileno(Protocol):
    """An open file, a socket, an event: whatever stands on a descriptor."""

    def fileno(self) -> int:
        """The descriptor."""


Descriptor = Union[int, HasFileno]
"""A descriptor, as `subprocess` takes it."""

ProcessGroup = Literal["auto", "caller", "own"]
"""The process group in which a hook runs."""

# The library counts nanoseconds, in 64 bits. As good as for ever.
_MOST_MS = (1 << 63) // 10**6 - 1


def _type_error(name: str, wanted: str, value: object) -> TypeError:
    return TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def _without_nul(name: str, value: bytes) -> bytes:
    # C would take what is before it for all there is.
    if b"\0" in value:
        raise ValueError(f"{name} has a NUL in it")
    return value


def _utf8(name: str, text: str) -> bytes:
    try:
        return _without_nul(name, text.encode())
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} has no form in UTF-8: {error}") from error


def path(name: str, value: Path) -> bytes:
    """A path: bytes, or what `os.fsencode` makes of it."""
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise _type_error(name, "a str, bytes or os.PathLike", value)
    try:
        return _without_nul(name, os.fsencode(value))
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} is no path: {error}") from error


def paths(name: str, values: Iterable[Path]) -> list[bytes]:
    """Some paths. One alone is refused: it would be taken for its characters."""
    if isinstance(values, (str, bytes, os.PathLike)) or not isinstance(values, Iterable):
        raise _type_error(name, "several paths (a list, a tuple)", values)
    return [path(f"{name}[{index}]", value) for index, value in enumerate(values)]


def stages(values: Iterable[str], name: str = "extension_stages") -> list[bytes]:
    """Some stages. One alone is refused, as one path is."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise _type_error(name, "several stages (a list, a tuple)", values)
    encoded = []
    for index, value in enumerate(values):
        if not isinstance(value, str):
            raise _type_error(f"{name}[{index}]", "a str", value)
        encoded.append(_utf8(f"{name}[{index}]", value))
    return encoded


def json_text(name: str, value: JSON) -> bytes:
    """JSON text: the text given, or that of the data given."""
    if isinstance(value, str):
        return _utf8(name, value)
    if isinstance(value, bytes):
        return _without_nul(name, value)
    if not isinstance(value, Mapping):
        raise _type_error(name, "a mapping, or JSON text as str or bytes", value)
    return _dumps(name, value)


def _dumps(name: str, value: object) -> bytes:
    # NaN and infinity are no JSON. All is written in ASCII, so that a lone surrogate is an escape,
    # which the library reads as U+FFFD.
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"), default=_data).encode()
    except RecursionError:
        raise ValueError(f"{name} is nested too deep") from None
    except (TypeError, ValueError) as error:
        raise (ValueError if isinstance(error, ValueError) else TypeError)(f"{name}: {error}") from error


def _data(value: object) -> object:
    """What `json.dumps` does not know of itself: mappings that are no dict."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def annotations_text(value: Optional[Mapping[str, str]]) -> Optional[bytes]:
    """A mapping of str to str; anything else would become something that the caller has not
    written."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise _type_error("annotations", "a mapping of str to str", value)
    # Another thread may change the caller's between this and the writing of it.
    value = dict(value)
    for key, text in value.items():
        if not isinstance(key, str):
            raise _type_error(f"annotations: the key {key!r}", "a str", key)
        if not isinstance(text, str):
            raise _type_error(f"annotations[{key!r}]", "a str", text)
    return json_text("annotations", value)


def switch(name: str, value: bool) -> None:
    """True or False, and nothing that only counts as one."""
    if not isinstance(value, bool):
        raise _type_error(name, "a bool", value)


def process_group(value: ProcessGroup) -> int:
    """The number of a process group's name."""
    if not isinstance(value, str):
        raise _type_error("process_group", "a str", value)
    if value not in _ffi.GROUPS:
        raise ValueError(f"process_group is {value!r}, not one of {', '.join(map(repr, _ffi.GROUPS))}")
    return _ffi.GROUPS[value]


def bind_mounts(value: Optional[bool]) -> int:
    """True, False, or None: to be found out."""
    if value is None:
        return _ffi.DETECT
    if not isinstance(value, bool):
        raise _type_error("has_bind_mounts", "a bool or None", value)
    return int(value)


def hooks_text(value: Union[Iterable[Mapping[str, object]], str, bytes]) -> bytes:
    """Some hooks: JSON text, or mappings. One alone is refused: it would be taken for its members'
    names."""
    if isinstance(value, (str, bytes)):
        return json_text("hooks", value)
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise _type_error("hooks", "several hooks (a list, a tuple), or JSON text as str or bytes", value)
    hooks = list(value)
    for index, hook in enumerate(hooks):
        if not isinstance(hook, Mapping):
            raise _type_error(f"hooks[{index}]", "a mapping", hook)
    return _dumps("hooks", hooks)


def state_bytes(value: Union[bytes, str, Mapping[str, object]]) -> bytes:
    """What a hook reads: any bytes, text in UTF-8, or the JSON text of data."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"state has no form in UTF-8: {error}") from error
    if not isinstance(value, Mapping):
        raise _type_error("state", "bytes, a str or a mapping", value)
    return _dumps("state", value)


def _milliseconds(name: str, seconds: float) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise _type_error(name, "a number of seconds or None", seconds)
    if math.isnan(seconds):
        raise ValueError(f"{name} is no number")
    # Never less than was asked for: a short time is not none.
    return math.ceil(max(-_MOST_MS, min(seconds * 1000, _MOST_MS)))


def timeout_ms(value: Optional[float]) -> int:
    """As the library has it: -1 is none, and what is over already is 0."""
    return -1 if value is None else max(0, _milliseconds("timeout", value))


def post_kill_timeout_ms(value: Optional[float]) -> int:
    """None: as long as it takes."""
    return _MOST_MS if value is None else _milliseconds("post_kill_timeout", value)


def size(name: str, value: int) -> int:
    """A number of bytes."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise _type_error(name, "an int", value)
    if not 0 <= value < 1 << 63:
        raise ValueError(f"{name} is {value}")
    return value


def descriptor(name: str, value: Optional[Descriptor]) -> int:
    """A descriptor; -1 for None."""
    if value is None:
        return -1
    if not isinstance(value, int) and hasattr(value, "fileno"):
        value = value.fileno()
    if isinstance(value, bool) or not isinstance(value, int):
        raise _type_error(name, "a descriptor, or an object with fileno()", value)
    if not 0 <= value < 1 << 31:
        raise ValueError(f"{name} is no descriptor: {value}")
    return value


def function(name: str, value: object) -> None:
    """Something that can be called, or None."""
    if value is not None and not callable(value):
        raise _type_error(name, "callable", value)
