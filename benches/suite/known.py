"""Whether the cached opponent is a straw man: beside figures of one on another machine, which the
project knows of.

If it takes far longer, it is too easy an opponent; if the reference takes far more times as long,
so are the hooks. Only the latter does not depend on the machine. """

from __future__ import annotations

import statistics

from report import Report

# Microseconds that it took, and how many times as long the reference did.
KNOWN = {
    "hooks() in the core, 5×5": (1.75, 74),
    "hooks() in the core, 100×20": (113, 88),
    "hooks() in the core, 1000×20": (1170, 94),
    "JSON in and out at the C ABI, 20 kB, 100×20": (327, 36),
}


def compare(report: Report) -> None:
    """The rows of matching."""
    rows = report.groups["matching"]
    report.begin("cached")
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
