"""Run `make bench`: compare libhooks with its opponents on this machine.

run.py STAGE PROGRAMS [--write-docs] [GROUP...]

Each row is measured in rounds; in each round every side has its turn. It prints tables, and writes
them with a chart to report.json in the directory of the programs. With --write-docs it writes them
to docs/benchmarks.md, too.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import chart
import documentation
import loading
import matching
import memory
import monitoring
import patterns
import running
from measure import Bench
from row import Row

GROUPS = {
    "matching": matching.measure,
    "loading": loading.measure,
    "patterns": patterns.measure,
    "memory": memory.measure,
    "running": running.measure,
    "monitoring": monitoring.measure,
}
# The curves of the chart, if they were measured.
CURVES = [loading.COLD, loading.NEW, matching.CURVE]
DOCS = Path("docs")


def summary(missed: list[Row]) -> None:
    print(f"\ngoals missed: {len(missed)}")
    for row in missed:
        print(f"  {row.name}: {row.goal}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", type=Path)
    parser.add_argument("programs", type=Path)
    parser.add_argument("--write-docs", action="store_true")
    parser.add_argument("groups", nargs="*", metavar="group", help=", ".join(GROUPS))
    arguments = parser.parse_intermixed_args()
    unknown = set(arguments.groups) - set(GROUPS)
    if unknown:
        parser.error(f"no group {', '.join(sorted(unknown))}")

    bench = Bench(arguments.stage, arguments.programs)
    for group in arguments.groups or GROUPS:
        bench.report.start(group)
        GROUPS[group](bench)
    summary(bench.report.missed())

    written = [arguments.programs / "report.json"]
    bench.report.write(written[0])
    curves = {
        name: bench.report.curves[name]
        for name in CURVES
        if name in bench.report.curves
    }
    if curves:
        written.append(arguments.programs / "benchmarks.svg")
        written[1].write_text(chart.chart(curves), encoding="utf-8")
    if arguments.write_docs:
        documentation.write(DOCS / "benchmarks.md", bench.report)
        if len(curves) == len(CURVES):
            shutil.copy(written[1], DOCS)
    print("written:", *written)


if __name__ == "__main__":
    main()
