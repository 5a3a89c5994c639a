"""Measure matching hooks for a container, and injecting them."""

from __future__ import annotations

import known
from measure import Bench, Sample, in_turns
from row import Goal, Rounds, at_least, at_most_of
from workload import Workload

SMALL = Workload(5, 5)
MIDDLE = Workload(100, 20)
CORE: dict[Workload, list[Goal]] = {
    SMALL: [at_most_of("1/2", "cached")],
    MIDDLE: [at_most_of("1/5", "cached"), at_most_of("1/400", "reference")],
    Workload(1000, 20): [at_most_of("1/5", "cached"), at_most_of("1/400", "reference")],
    Workload(5000, 20): [],
}
GO: dict[Workload, list[Goal]] = {
    SMALL: [at_most_of("2", "cached")],
    MIDDLE: [at_most_of("1/2", "cached")],
}
CURVE = "hooks() in the core"


def opponents(bench: Bench, row: str, directory: str, config: str) -> dict[str, Sample]:
    return {
        side: bench.counted("manager-go", side, row, directory, config)
        for side in ("reference", "cached")
    }


def core(bench: Bench) -> None:
    curve = bench.report.curves.setdefault(CURVE, {})
    for workload, goals in CORE.items():
        directory = bench.workloads.directory(workload)
        config = bench.workloads.config(workload.annotations)
        sides = {
            "ours": bench.counted("core", directory, config),
            **opponents(bench, "hooks", directory, config),
        }
        name = f"{CURVE}, {workload}"
        curve[workload.hooks] = bench.report.row(name, in_turns(sides), goals=goals)
    bench.report.growth(CURVE)


def through_go(bench: Bench) -> None:
    for workload, goals in GO.items():
        directory = bench.workloads.directory(workload)
        config = bench.workloads.config(workload.annotations)
        sides = {
            "ours": bench.counted("manager-go", "ours", "hooks", directory, config),
            **opponents(bench, "hooks", directory, config),
        }
        name = f"Hooks() of the Go package, {workload}"
        bench.report.row(name, in_turns(sides), goals=goals)


def json(bench: Bench) -> None:
    directory = bench.workloads.directory(MIDDLE)
    config = bench.workloads.config(MIDDLE.annotations, 20_000)
    sides = {
        "ours": bench.counted("manager", "hooks", directory, config),
        **opponents(bench, "json", directory, config),
    }
    name = f"JSON in and out at the C ABI, 20 kB, {MIDDLE}"
    bench.report.row(name, in_turns(sides), goals=[at_most_of("1/6", "cached")])


def large_config(bench: Bench) -> None:
    size = 10_000_000
    directory = bench.workloads.directory(MIDDLE)
    config = bench.workloads.config(MIDDLE.annotations, size)
    taken = in_turns(
        {
            "ours": bench.counted("manager", "hooks", directory, config),
            **opponents(bench, "json", directory, config),
        }
    )
    # A byte per nanosecond is a thousand megabytes per second.
    speeds: Rounds = {
        side: [[size / value * 1e3 for value in values] for values in its]
        for side, its in taken.items()
    }
    name = f"JSON in and out at the C ABI, 10 MB, {MIDDLE}"
    bench.report.row(name, speeds, "MB/s", [at_least(500, "500 MB/s")])


def explain(bench: Bench) -> None:
    directory = bench.workloads.directory(MIDDLE)
    config = bench.workloads.config(MIDDLE.annotations)
    sides = {
        "ours": bench.counted("manager", "explain", directory, config),
        "hooks()": bench.counted("manager", "hooks", directory, config),
    }
    name = f"explain() beside hooks() at the C ABI, {MIDDLE}"
    bench.report.row(name, in_turns(sides))


def measure(bench: Bench) -> None:
    core(bench)
    through_go(bench)
    json(bench)
    large_config(bench)
    explain(bench)
    known.compare(bench.report)
