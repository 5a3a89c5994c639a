"""How numbers are had: programs that print them, asked in turns."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from report import Report
from row import Rounds
from workload import Workload, Workloads

ROUNDS = 21
# How long a sample should take, in nanoseconds: long beside a clock's tick, short beside what else
# the machine does.
SAMPLE = 20e6
MOST_PROCESSES = 20

Sample = Callable[[], "list[float]"]


def in_turns(sides: Mapping[str, Sample], rounds: int = ROUNDS) -> Rounds:
    """What each side says in each round: what else the machine does strikes all of them."""
    said: Rounds = {side: [] for side in sides}
    for _ in range(rounds):
        for side, sample in sides.items():
            said[side].append(sample())
    return said


def column(rounds: Rounds, numbers: Iterable[int]) -> Rounds:
    """Of what was said in each round, only the numbers at these places."""
    places = list(numbers)
    return {
        side: [[values[place] for place in places] for values in its]
        for side, its in rounds.items()
    }


class Bench:
    """The programs, what they work on, and where the rows go."""

    def __init__(self, stage: Path, programs: Path) -> None:
        self.stage = stage
        self.programs = programs
        self.report = Report()
        self.workloads = Workloads((programs / "workload").resolve())
        # Programs know where the library is. The loader should search no longer than where it is
        # installed.
        self.environment = {
            key: value
            for key, value in os.environ.items()
            if key not in ("LD_LIBRARY_PATH", "LD_PRELOAD")
        }

    def program(self, name: str) -> str:
        return str(self.programs / name)

    def ask(self, program: str, *arguments: str) -> list[float]:
        """The numbers that a program prints."""
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
        """A program whose last argument is how many calls to make, of which it prints the
        average."""
        return self.counted_before(program, list(arguments), [])

    def counted_before(
        self, program: str, before: list[str], after: list[str]
    ) -> Sample:
        """The same where more arguments follow. There are as many calls as make a sample."""
        count = 1
        # What the first call says includes what is done but once.
        for _ in range(2):
            taken = self.ask(program, *before, str(count), *after)[0]
            count = max(1, round(SAMPLE / max(taken, 1)))
            if count == 1:
                break
        return self.asked(program, *before, str(count), *after)

    def process(self, count: int, command: list[str]) -> list[float]:
        """Of each run in turn: the nanoseconds, and the most kilobytes resident."""
        return self.ask("process", str(count), *command)

    def processes(self, command: list[str]) -> Sample:
        """The nanoseconds of each of some runs."""
        taken = self.process(2, command)[2]
        count = min(MOST_PROCESSES, max(1, round(SAMPLE / taken)))
        return lambda: self.process(count, command)[::2]

    def resident(self, command: list[str]) -> list[float]:
        """The most kilobytes that one run had resident."""
        return [self.process(1, command)[1]]

    def cold(self, workload: Workload) -> dict[str, list[str]]:
        """What each side does once for a container."""
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
