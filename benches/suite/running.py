"""Measure running hooks and filters."""

from __future__ import annotations

from measure import Bench, in_turns

# The name, the arguments of the programs, and the number of samples in a round.
ROWS = [
    ("run /bin/true", ["run", "200", "0"]),
    ("filter /bin/cat", ["filter", "200", "0"]),
    ("run /bin/true, in a host of 1 GB", ["run", "100", "1024"]),
    ("filter /bin/cat, in a host of 1 GB", ["filter", "100", "1024"]),
]


def measure(bench: Bench) -> None:
    for name, arguments in ROWS:
        sides = {
            "ours": bench.asked("exec", *arguments),
            "reference": bench.asked("exec-go", *arguments),
        }
        bench.report.row(name, in_turns(sides))
