"""What the logger ``libhooks`` is told of problems."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from ._diagnostic import Diagnostic

logger = logging.getLogger("libhooks")
# Without a handler of the program's, nothing is printed.
logger.addHandler(logging.NullHandler())
_LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}


class Log:
    """The log of a manager and its monitors, which remembers the problems that were there last: one
    of them logs what another has found.

    They come from what the library has kept, and not by its log callback: Python would be called
    from within the library, where an interrupt cannot be raised and a daemon thread not be ended.
    """

    def __init__(self) -> None:
        self._known: frozenset[Diagnostic] = frozenset()

    def is_wanted(self) -> bool:
        return logger.isEnabledFor(logging.ERROR)

    def all(self, found: tuple[Diagnostic, ...]) -> None:
        """Logs all the problems there are now."""
        self.raised(found)
        _tell(found)

    def new(self, found: tuple[Diagnostic, ...]) -> None:
        """Logs those of all the problems there are now that were not there before."""
        known = self._known
        self.raised(found)
        _tell(diagnostic for diagnostic in found if diagnostic not in known)

    def more(self, found: Iterable[Diagnostic]) -> None:
        """Logs those of some problems that were not there before."""
        new = [diagnostic for diagnostic in found if diagnostic not in self._known]
        self._known = self._known.union(new)
        _tell(new)

    def raised(self, found: tuple[Diagnostic, ...]) -> None:
        """The caller gets to know all the problems there are now."""
        self._known = frozenset(found)


def _tell(problems: Iterable[Diagnostic]) -> None:
    for diagnostic in problems:
        place = ":".join(str(part) for part in (diagnostic.path, diagnostic.line, diagnostic.column) if part)
        level = _LEVELS.get(diagnostic.severity, logging.WARNING)
        logger.log(level, "%s: %s", place, diagnostic.message, extra={"diagnostic": diagnostic})
