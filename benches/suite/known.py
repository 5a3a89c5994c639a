"""Check that the cached opponent is fair, by known figures of one on another machine.

If it takes far longer, it is too easy an opponent. If the reference takes a far larger multiple of
its time, the hooks are too easy. Only the multiple does not depend on the machine.
"""

from __future__ import annotations

import statistics

from report import Report

# Its microseconds, and the time of the reference as a multiple of them.
KNOWN = {
    "hooks() in the core, 5×5": (1.75, 74),
    "hooks() in the core, 100×20": (113, 88),
    "hooks() in the core, 1000×20": (1170, 94),
    "JSON in and out at the C ABI, 20 kB, 100×20": (327, 36),
}


def compare(report: Report) -> None:
    """Report the rows of matching that have known figures."""
    rows = report.groups["matching"]
    report.start("cached")
    for row in rows:
        if row.name not in KNOWN:
            continue
        microseconds, times = KNOWN[row.name]
        count = len(row.rounds["cached"])
        name = row.name.replace(" in the core", "")
        report.row(
            name,
            {
                "cached": row.rounds["cached"],
                "another machine": [[microseconds * 1e3]] * count,
            },
        )
        over = [
            [statistics.median(one) / statistics.median(other)]
            for one, other in zip(row.rounds["reference"], row.rounds["cached"])
        ]
        report.row(
            f"{name}: reference over cached",
            {"reference": over, "another machine": [[times]] * count},
            "×",
        )
