"""Run programs that print measurements, in turns."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from report import Report
from row import Rounds
from workload import Workload, Workloads

ROUNDS = 21
# The nanoseconds that a sample should take: long compared with a tick of the clock, short compared
# with other activity on the machine.
SAMPLE = 20e6
MOST_PROCESSES = 20

Sample = Callable[[], "list[float]"]


def in_turns(sides: Mapping[str, Sample], rounds: int = ROUNDS) -> Rounds:
    """Sample each side in each round, so that other activity on the machine affects all sides."""
    said: Rounds = {side: [] for side in sides}
    for _ in range(rounds):
        for side, sample in sides.items():
            said[side].append(sample())
    return said


def column(rounds: Rounds, numbers: Iterable[int]) -> Rounds:
    """Keep only the numbers at these positions of each round."""
    places = list(numbers)
    return {
        side: [[values[place] for place in places] for values in its]
        for side, its in rounds.items()
    }


class Bench:
    """The programs, their workloads, and the report."""

    def __init__(self, stage: Path, programs: Path) -> None:
        self.stage = stage
        self.programs = programs
        self.report = Report()
        self.workloads = Workloads((programs / "workload").resolve())
        # The path of the library is in the programs. The loader must not search longer than it does
        # in an installation.
        self.environment = {
            key: value
            for key, value in os.environ.items()
            if key not in ("LD_LIBRARY_PATH", "LD_PRELOAD")
        }

    def program(self, name: str) -> str:
        return str(self.programs / name)

    def ask(self, program: str, *arguments: str) -> list[float]:
        """Return the numbers that a program prints."""
        done = subprocess.run(
            [self.program(program), *arguments],
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return [float(word) for word in done.stdout.split()]

    def asked(self, program: str, *arguments: str) -> Sample:
        return lambda: self.ask(program, *arguments)

    def counted(self, program: str, *arguments: str) -> Sample:
        """Sample a program that prints the average of COUNT calls; COUNT is its last argument."""
        return self.counted_before(program, list(arguments), [])

    def counted_before(
        self, program: str, before: list[str], after: list[str]
    ) -> Sample:
        """Sample it with more arguments after COUNT, which is chosen to fill SAMPLE."""
        count = 1
        # The first result includes work that is only done once.
        for _ in range(2):
            taken = self.ask(program, *before, str(count), *after)[0]
            count = max(1, round(SAMPLE / max(taken, 1)))
            if count == 1:
                break
        return self.asked(program, *before, str(count), *after)

    def process(self, count: int, command: list[str]) -> list[float]:
        """Return for each run the nanoseconds and the peak resident kilobytes, in turn."""
        return self.ask("process", str(count), *command)

    def processes(self, command: list[str]) -> Sample:
        """Sample the nanoseconds of several runs."""
        taken = self.process(2, command)[2]
        count = min(MOST_PROCESSES, max(1, round(SAMPLE / taken)))
        return lambda: self.process(count, command)[::2]

    def resident(self, command: list[str]) -> list[float]:
        """Return the peak resident kilobytes of one run."""
        return [self.process(1, command)[1]]

    def cold(self, workload: Workload) -> dict[str, list[str]]:
        """Return the commands by which each side does the work for one container."""
        return self.cold_in(
            self.workloads.directory(workload),
            self.workloads.config(workload.annotations),
            self.workloads.executables[: workload.hooks],
        )

    def cold_in(
        self, directory: str, config: str, executables: list[str]
    ) -> dict[str, list[str]]:
        return {
            "ours": [self.program("manager"), "cold", directory, config],
            "reference": [self.program("cold"), "reference", directory, config],
            "cached": [self.program("cold"), "cached", directory, config],
            "floor": [self.program("floor"), "cold", directory, config, *executables],
        }
