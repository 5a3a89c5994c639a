"""A row: what each side said, how they compare, and what is demanded of ours."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

# Of each side what it said in each round.
Rounds = dict[str, list[list[float]]]
Middle = Callable[[list[float]], float]

# Those that rows are compared with; a row may have others, too.
OPPONENTS = ["reference", "cached", "floor"]
SIDES = ["ours", *OPPONENTS]
TIMES = [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)]


class Row:
    """Values are the medians of all that a side said. A ratio is the median of the ratios of each
    round: what was slow for one side was for the other, too. What `raw` has is in the unit of the
    programs, nanoseconds if it is a time."""

    def __init__(
        self, name: str, unit: str | None, rounds: Rounds, middle: Middle
    ) -> None:
        self.name = name
        self.rounds = rounds
        said = {side: list(chain.from_iterable(its)) for side, its in rounds.items()}
        self.raw = {side: middle(values) for side, values in said.items()}
        self.unit, factor = (unit, 1.0) if unit else unit_of(list(self.raw.values()))
        self.values = {side: value / factor for side, value in self.raw.items()}
        self.bounds = {
            side: (min(values) / factor, max(values) / factor)
            for side, values in said.items()
        }
        self.ratios: dict[str, float] = {}
        self.goal: str | None = None
        self.met: bool | None = None

    def compare(self, by_round: bool) -> None:
        """The first side, which is ours if there are ours, beside each other one."""
        first, *others = self.rounds
        for side in others:
            pairs = [
                (statistics.median(one), statistics.median(other))
                for one, other in zip(self.rounds[first], self.rounds[side])
            ]
            if not by_round:
                pairs = [(self.raw[first], self.raw[side])]
            # Nothing is no measure of anything.
            if all(other for _, other in pairs):
                self.ratios[side] = statistics.median(
                    one / other for one, other in pairs
                )

    def beside(self) -> dict[str, float]:
        """The values of the other sides that only some rows have."""
        return {side: value for side, value in self.values.items() if side not in SIDES}

    def as_json(self, group: str) -> dict[str, object]:
        entry: dict[str, object] = {
            "group": group,
            "name": self.name,
            "unit": self.unit,
        }
        for side in [*SIDES, *self.beside()]:
            entry[side] = self.values.get(side)
        for side in [
            *OPPONENTS,
            *(side for side in self.beside() if side in self.ratios),
        ]:
            entry[f"ratio_{side}"] = self.ratios.get(side)
        for side, (least, most) in self.bounds.items():
            entry[f"{side}_min"] = least
            entry[f"{side}_max"] = most
        if self.goal is not None:
            entry |= {"goal": self.goal, "met": self.met}
        return entry


def unit_of(values: list[float]) -> tuple[str, float]:
    """A unit of time in which most of these nanoseconds can be read."""
    middle = statistics.geometric_mean([max(value, 0.001) for value in values])
    return [
        (unit, factor) for unit, factor in TIMES if middle >= factor or unit == "ns"
    ][-1]


class Goal(NamedTuple):
    text: str
    met: Callable[[Row], bool]


def beside(factor: str, side: str) -> Goal:
    """Ours takes at most so much of what another side takes: "1/5", or "1.5"."""
    most = float(Fraction(factor))
    text = f"≤ {factor} of {side}" if "/" in factor else f"≤ {factor}× {side}"
    return Goal(text, lambda row: row.ratios[side] <= most)


def at_most(limit: float, text: str) -> Goal:
    return Goal(f"≤ {text}", lambda row: row.raw["ours"] <= limit)


def at_least(limit: float, text: str) -> Goal:
    return Goal(f"≥ {text}", lambda row: row.raw["ours"] >= limit)
