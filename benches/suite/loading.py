"""Measure reading hook files, in a running process and in a process that only does that."""

from __future__ import annotations

from measure import Bench, Sample, in_turns
from row import Goal, at_most, at_most_of
from workload import Workload

WORKLOADS = [Workload(5, 5), Workload(100, 20), Workload(1000, 20), Workload(5000, 20)]
GOALS = [at_most_of("1.5", "floor"), at_most_of("1/4", "reference")]
NEW = "new()"
COLD = "cold process"
MILLISECOND = 1e6


def new(bench: Bench) -> None:
    curve = bench.report.curves.setdefault(NEW, {})
    for workload in WORKLOADS:
        directory = bench.workloads.directory(workload)
        executables = bench.workloads.executables[: workload.hooks]
        sides: dict[str, Sample] = {
            "ours": bench.counted("manager", "new", directory),
            "reference": bench.counted("manager-go", "reference", "new", directory),
            "cached": bench.counted("manager-go", "cached", "new", directory),
            "floor": bench.counted_before("floor", ["new", directory], executables),
        }
        goals = GOALS if workload.hooks in (100, 1000) else []
        name = f"{NEW} of {workload.hooks} hooks"
        curve[workload.hooks] = bench.report.row(name, in_turns(sides), goals=goals)
    bench.report.growth(NEW)


def cold(bench: Bench) -> None:
    curve = bench.report.curves.setdefault(COLD, {})
    within = Goal(
        "within 1 ms of the C process",
        lambda row: row.raw["ours"] - row.raw["C process"] <= MILLISECOND,
    )
    command = bench.stage / "bin" / "oci-hooks"
    for workload in WORKLOADS:
        directory = bench.workloads.directory(workload)
        config = bench.workloads.config(workload.annotations)
        inject = [str(command), "inject", "--hooks-dir", directory, config]
        sides = {
            **bench.cold(workload),
            "empty": [bench.program("empty")],
            "inject": inject,
        }
        rounds = in_turns({side: bench.processes(its) for side, its in sides.items()})
        injected = rounds.pop("inject")
        asked = workload.hooks <= 1000
        curve[workload.hooks] = bench.report.row(
            f"{COLD} with {workload.hooks} hooks", rounds, goals=GOALS if asked else []
        )
        bench.report.row(
            f"oci-hooks inject, cold, with {workload.hooks} hooks",
            {"ours": injected, "C process": rounds["ours"]},
            goals=[within] if asked else [],
        )
    bench.report.growth(COLD)


def lint(bench: Bench) -> None:
    workload = Workload(1000, 20)
    command = bench.stage / "bin" / "oci-hooks"
    sides = {
        "ours": [str(command), "lint", bench.workloads.directory(workload)],
        "C process": bench.cold(workload)["ours"],
    }
    rounds = in_turns({side: bench.processes(its) for side, its in sides.items()})
    name = f"oci-hooks lint, cold, with {workload.hooks} hooks"
    bench.report.row(name, rounds, goals=[at_most(50 * MILLISECOND, "50 ms")])


def measure(bench: Bench) -> None:
    new(bench)
    cold(bench)
    lint(bench)
