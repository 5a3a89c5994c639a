"""The logger ``libhooks``, which receives diagnostics."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from ._diagnostic import Diagnostic

logger = logging.getLogger("libhooks")
# If the program sets no handler, nothing is printed.
logger.addHandler(logging.NullHandler())
_LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}


class Log:
    """The log of a manager and its monitors.

    It remembers the last diagnostics, so that one of them does not log what another has logged.

    The diagnostics are read from the library, and not received by its log callback. A callback
    would run Python inside the library, where no interrupt can be raised and no daemon thread can
    be ended.
    """

    def __init__(self) -> None:
        self._known: frozenset[Diagnostic] = frozenset()

    def is_wanted(self) -> bool:
        return logger.isEnabledFor(logging.ERROR)

    def all(self, found: tuple[Diagnostic, ...]) -> None:
        """Log all current diagnostics."""
        self.raised(found)
        _write(found)

    def new(self, found: tuple[Diagnostic, ...]) -> None:
        """Log the current diagnostics that are new."""
        known = self._known
        self.raised(found)
        _write(diagnostic for diagnostic in found if diagnostic not in known)

    def more(self, found: Iterable[Diagnostic]) -> None:
        """Log the new ones among some of the current diagnostics."""
        new = [diagnostic for diagnostic in found if diagnostic not in self._known]
        self._known = self._known.union(new)
        _write(new)

    def raised(self, found: tuple[Diagnostic, ...]) -> None:
        """Remember the current diagnostics, which the caller receives otherwise."""
        self._known = frozenset(found)


def _write(diagnostics: Iterable[Diagnostic]) -> None:
    for diagnostic in diagnostics:
        place = ":".join(
            str(part) for part in (diagnostic.path, diagnostic.line, diagnostic.column) if part
        )
        level = _LEVELS.get(diagnostic.severity, logging.WARNING)
        logger.log(level, "%s: %s", place, diagnostic.message, extra={"diagnostic": diagnostic})
