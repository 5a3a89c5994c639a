"""Helpers for the tests that run hooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import libhooks

RUN: Any = libhooks.run
FILTER: Any = libhooks.filter_config
# Longer than any test waits.
LONG = "exec sleep 600"


def sh(script: str, **more: Any) -> dict[str, Any]:
    return {"path": "/bin/sh", "args": ["sh", "-c", script], **more}


def is_running(pid: str) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid.strip()}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
