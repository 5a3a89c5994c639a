"""Compare patterns with Go's regexp, which is the reference here.

regexp/benches/patterns.json has the cases.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from measure import Bench, Sample, column, in_turns
from row import Goal, Rounds, at_most

CASES = Path("regexp/benches/patterns.json")


def sides(bench: Bench, *arguments: str) -> dict[str, Sample]:
    return {
        "ours": bench.asked("patterns", *arguments),
        "reference": bench.asked("patterns-go", str(CASES), *arguments),
    }


def name_of(case: dict[str, str | int]) -> str:
    """Return a pattern as docs/benchmarks.md shows it; a part may be repeated."""
    keys = [key for key in ("before", "part", "times", "after") if key in case]
    return " ".join(
        f"× {case[key]}" if key == "times" else f"`{case[key]}`" for key in keys
    )


def typical(bench: Bench, patterns: list[str]) -> None:
    rounds = in_turns(sides(bench, "typical"))
    count = len(patterns)
    firsts = column(rounds, range(0, 2 * count, 2))
    middle: Rounds = {
        side: [[statistics.median(values)] for values in its]
        for side, its in firsts.items()
    }
    bench.report.row(
        "compile and first match, median", middle, goals=[at_most(3000, "3 µs")]
    )
    for number, pattern in enumerate(patterns):
        bench.report.row(
            f"compile and first match: {pattern}", column(rounds, [2 * number])
        )
    for number, pattern in enumerate(patterns):
        bench.report.row(
            f"hot: {pattern}",
            column(rounds, [2 * number + 1]),
            goals=[at_most(60, "60 ns")],
        )


def adversarial(bench: Bench, patterns: list[str]) -> None:
    """Report nanoseconds per byte."""
    rounds = in_turns(
        {
            **sides(bench, "adversarial", "100000"),
            "1 kB": bench.asked("patterns", "adversarial", "1000"),
            "10 kB": bench.asked("patterns", "adversarial", "10000"),
        }
    )
    linear = Goal("≤ 1.5 times that of 1 kB", lambda row: row.ratios["1 kB"] <= 1.5)
    for number, pattern in enumerate(patterns):
        name = f"100 kB against {pattern}"
        bench.report.row(name, column(rounds, [number]), "ns/B", [linear])


def accepted_at_once(length: float) -> Goal:
    """Return the goal for a pattern of this length; our result is per byte."""
    return Goal(
        "≤ 1 µs a byte + 10 µs",
        lambda row: row.raw["ours"] * length <= 1e3 * length + 1e4,
    )


def acceptance(bench: Bench, patterns: list[str]) -> None:
    """Report our side only, since Go expands repeats here."""
    rounds = in_turns({"ours": bench.asked("patterns", "acceptance")})
    for number, pattern in enumerate(patterns):
        said = column(rounds, range(3 * number, 3 * number + 3))["ours"]
        times = [[nanoseconds / length] for length, nanoseconds, _ in said]
        sizes = [[held / length] for length, _, held in said]
        quick, small = accepted_at_once(said[0][0]), at_most(64, "64 bytes a byte")
        name = f"accept {pattern}"
        bench.report.row(name, {"ours": times}, "ns/B", [quick])
        bench.report.row(f"{name}: most memory", {"ours": sizes}, "B/B", [small])


def first(bench: Bench, patterns: list[str]) -> None:
    """Report patterns that expand: time, and memory compared with a process that does nothing."""
    no_more = Goal("≤ the reference", lambda row: row.ratios["reference"] <= 1)
    commands = {
        "ours": [bench.program("patterns")],
        "reference": [bench.program("patterns-go"), str(CASES)],
    }

    def growth(command: list[str], case: str) -> Sample:
        def sample() -> list[float]:
            [none] = bench.resident([*command, "first", "none"])
            [some] = bench.resident([*command, "first", case])
            return [some - none]

        return sample

    for number, pattern in enumerate(patterns):
        case = str(number)
        name = f"first match: {pattern}"
        bench.report.row(name, in_turns(sides(bench, "first", case)), goals=[no_more])
        memory = {side: growth(command, case) for side, command in commands.items()}
        bench.report.row(f"{name}: memory", in_turns(memory), "kB", [no_more])


def measure(bench: Bench) -> None:
    cases = json.loads(CASES.read_text(encoding="utf-8"))
    typical(bench, [f"`{case['pattern']}`" for case in cases["typical"]])
    adversarial(bench, [f"`{case['pattern']}`" for case in cases["adversarial"]])
    acceptance(bench, [name_of(pattern) for pattern in cases["acceptance"]])
    first(bench, [name_of(case["pattern"]) for case in cases["first"]])
