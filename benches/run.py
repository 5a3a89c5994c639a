"""`make bench`: libhooks beside the reference, on this machine, in one go.

Each row is measured in rounds; in each round every opponent has its turn, so that what else the machine does strikes all of them.
Prints tables, and writes them to target/bench/report.json with the least and the most of each.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from itertools import chain
from pathlib import Path

OUT = Path("target/bench")

# The rows of running: the name, what the programs are asked for, and how often in a round.
ROUNDS = 21
ROWS = [
    ("run /bin/true", ["run", "200", "0"]),
    ("filter /bin/cat", ["filter", "200", "0"]),
    ("run /bin/true, in a host of 1 GB", ["run", "100", "1024"]),
    ("filter /bin/cat, in a host of 1 GB", ["filter", "100", "1024"]),
]

# The rows of monitoring.
LATENCY_ROUNDS = 10
CHANGES = 100
RELOAD_ROUNDS = 11
CALLS = 500_000
# Reloads a second, and what that is called.
RATES = [(1000, "1,000 reloads a second"), (1_000_000, "as many reloads as can be")]

Round = list[float]


class Bench:
    def __init__(self, library: str, programs: str) -> None:
        self.environment = {**os.environ, "LD_LIBRARY_PATH": library}
        self.programs = Path(programs)
        self.report: list[dict[str, object]] = []

    def ask(self, program: str, *arguments: str) -> Round:
        """The numbers that a program prints."""
        done = subprocess.run(
            [self.programs / program, *arguments],
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return [float(line) for line in done.stdout.split()]

    def microseconds(self, program: str, *arguments: str) -> Round:
        return [ns / 1000 for ns in self.ask(program, *arguments)]

    def row(
        self,
        name: str,
        unit: str,
        values: dict[str, Round],
        middle: dict[str, float],
        ratio: float,
    ) -> None:
        """Prints a row, and keeps it: ours, and one opponent."""
        ours, opponent = values
        print(f"{name:<48}{middle[ours]:>10.0f}{middle[opponent]:>12.0f}{ratio:>8.2f}")
        bounds = {
            f"{side}_{end.__name__}": end(all_values)
            for side, all_values in values.items()
            for end in (min, max)
        }
        self.report.append(
            {"name": name, "unit": unit, **middle, **bounds, f"ratio_{opponent}": ratio}
        )

    def medians(self, name: str, unit: str, rounds: dict[str, list[Round]]) -> None:
        """A row of medians of all values. The ratio is by round: what was slow for one was for the other, too."""
        values = all_of(rounds)
        ratio = statistics.median(
            statistics.median(a) / statistics.median(b)
            for a, b in zip(*rounds.values())
        )
        middle = {side: statistics.median(its) for side, its in values.items()}
        self.row(name, unit, values, middle, ratio)

    def tails(self, name: str, unit: str, rounds: dict[str, list[Round]]) -> None:
        """A row of 99th percentiles of all values."""
        values = all_of(rounds)
        middle = {
            side: sorted(its)[len(its) * 99 // 100] for side, its in values.items()
        }
        ours, opponent = middle.values()
        self.row(name, unit, values, middle, ours / opponent)

    def running(self) -> None:
        heading(f"median of {ROUNDS} rounds, in µs", "reference")
        for name, arguments in ROWS:
            rounds: dict[str, list[Round]] = {"ours": [], "reference": []}
            for _ in range(ROUNDS):
                rounds["ours"].append(self.microseconds("exec", *arguments))
                rounds["reference"].append(self.microseconds("reference", *arguments))
            self.medians(name, "µs", rounds)

    def latency(self) -> None:
        heading(f"{LATENCY_ROUNDS * CHANGES} changes, in µs", "reference")
        changes = str(CHANGES)
        rounds: dict[str, list[Round]] = {"C": [], "Go": [], "reference": []}
        for _ in range(LATENCY_ROUNDS):
            rounds["Go"].append(self.microseconds("monitor-go", "ours", changes))
            rounds["reference"].append(
                self.microseconds("monitor-go", "reference", changes)
            )
            rounds["C"].append(self.microseconds("monitor", changes))
        for side in ("Go", "C"):
            pair = {"ours": rounds[side], "reference": rounds["reference"]}
            name = f"rename to visible, from {side}"
            self.medians(f"{name}: median", "µs", pair)
            self.tails(f"{name}: 99th percentile", "µs", pair)

    def throughput(self) -> None:
        heading(f"median of {RELOAD_ROUNDS} rounds, in calls/ms", "alone")
        for rate, name in RATES:
            rounds: dict[str, list[Round]] = {"ours": [], "alone": []}
            reloads = 0
            for _ in range(RELOAD_ROUNDS):
                calls, of_round = self.ask("reload", str(CALLS), str(rate))
                rounds["ours"].append([calls / 1000])
                reloads += int(of_round)
                calls, _ = self.ask("reload", str(CALLS), "0")
                rounds["alone"].append([calls / 1000])
            self.medians(f"8 threads match, {name}", "calls/ms", rounds)
            self.report[-1]["reloads"] = reloads
            print(f"({reloads} reloads)")


def all_of(rounds: dict[str, list[Round]]) -> dict[str, Round]:
    return {side: list(chain.from_iterable(its)) for side, its in rounds.items()}


def heading(what: str, opponent: str) -> None:
    print(f"{what:<48}{'ours':>10}{opponent:>12}{'ratio':>8}")


def main() -> None:
    bench = Bench(*sys.argv[1:])
    bench.running()
    bench.latency()
    bench.throughput()
    (OUT / "report.json").write_text(
        json.dumps(bench.report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(f"written to {OUT / 'report.json'}")


if __name__ == "__main__":
    main()
