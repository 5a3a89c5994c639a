"""Measure the resident memory of processes, and the size of files."""

from __future__ import annotations

import subprocess
from pathlib import Path

from measure import Bench, in_turns
from row import at_most
from workload import Workload

ANNOTATIONS = 20
CALLS = 1_000_000
GROWTH_ROUNDS = 3


def cold(bench: Bench) -> None:
    config = bench.workloads.config(ANNOTATIONS)
    for hooks in (0, 100, 1000, 5000):
        workload = Workload(hooks, ANNOTATIONS)
        directory = bench.workloads.directory(workload)
        commands = bench.cold_in(directory, config, bench.workloads.executables[:hooks])
        commands["empty"] = [bench.program("empty")]
        sides = {
            side: (lambda its=its: bench.resident(its))
            for side, its in commands.items()
        }
        bench.report.row(f"cold process with {hooks} hooks", in_turns(sides), "kB")


def manager(bench: Bench) -> None:
    """Report how much memory hooks add to a process."""
    for hooks in (1000, 5000):
        directory = bench.workloads.directory(Workload(hooks, ANNOTATIONS))
        grown = in_turns({"ours": bench.asked("manager", "memory", directory)})
        by_thousand = {
            side: [[value * 1000 / hooks for value in values] for values in its]
            for side, its in grown.items()
        }
        bench.report.row(f"1000 hooks, of {hooks} in a manager", by_thousand, "kB")


def growth(bench: Bench) -> None:
    workload = Workload(5, 5)
    sample = bench.asked(
        "manager",
        "growth",
        bench.workloads.directory(workload),
        bench.workloads.config(workload.annotations),
        str(CALLS),
    )
    name = f"growth over {CALLS:,} calls of hooks(), {workload}"
    goals = [at_most(64, "64 kB")]
    bench.report.row(name, in_turns({"ours": sample}, GROWTH_ROUNDS), "kB", goals)


def size(bench: Bench, path: Path) -> float:
    """Return the size of a file after strip(1)."""
    stripped = bench.programs / "stripped"
    subprocess.run(["strip", "-o", stripped, path], check=True)
    return stripped.stat().st_size / 1000


def sizes(bench: Bench) -> None:
    library = (bench.stage / "lib" / "libhooks.so").resolve()
    library_size = size(bench, library)
    program_size = size(bench, bench.programs / "manager")
    installed = library.stat().st_size / 1000
    bench.report.row(
        "libhooks.so, stripped",
        {"ours": [[library_size]], "as installed": [[installed]]},
        "kB",
    )
    cold_size = size(bench, bench.programs / "cold")
    bench.report.row(
        "executable, stripped, with libhooks.so",
        {
            "ours": [[program_size + library_size]],
            "reference": [[cold_size]],
            "cached": [[cold_size]],
        },
        "kB",
    )


def measure(bench: Bench) -> None:
    cold(bench)
    manager(bench)
    growth(bench)
    sizes(bench)
