"""A row: the results of each side, their ratios, and the goal for ours."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

# The results of each side in each round.
Rounds = dict[str, list[list[float]]]
Middle = Callable[[list[float]], float]

# The usual opponents; a row may have more sides.
OPPONENTS = ["reference", "cached", "floor"]
SIDES = ["ours", *OPPONENTS]
TIMES = [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)]


class Row:
    """A row of the report.

    A value is the median of all results of a side. A ratio is the median of the ratios of each
    round, since a slow round is slow for all sides. `raw` has the unit of the programs, which is
    nanoseconds for a time.
    """

    def __init__(
        self, name: str, unit: str | None, rounds: Rounds, middle: Middle
    ) -> None:
        self.name = name
        self.rounds = rounds
        results = {side: list(chain.from_iterable(its)) for side, its in rounds.items()}
        self.raw = {side: middle(values) for side, values in results.items()}
        self.unit, factor = (unit, 1.0) if unit else unit_of(list(self.raw.values()))
        self.values = {side: value / factor for side, value in self.raw.items()}
        self.bounds = {
            side: (min(values) / factor, max(values) / factor)
            for side, values in results.items()
        }
        self.ratios: dict[str, float] = {}
        self.goal: str | None = None
        self.met: bool | None = None

    def compare(self, by_round: bool) -> None:
        """Compare the first side, which is ours if present, with each other side."""
        first, *others = self.rounds
        for side in others:
            pairs = [
                (statistics.median(one), statistics.median(other))
                for one, other in zip(self.rounds[first], self.rounds[side])
            ]
            if not by_round:
                pairs = [(self.raw[first], self.raw[side])]
            # There is no ratio to zero.
            if all(other for _, other in pairs):
                self.ratios[side] = statistics.median(
                    one / other for one, other in pairs
                )

    def extra(self) -> dict[str, float]:
        """Return the values of the sides that only some rows have."""
        return {side: value for side, value in self.values.items() if side not in SIDES}

    def as_json(self, group: str) -> dict[str, object]:
        entry: dict[str, object] = {
            "group": group,
            "name": self.name,
            "unit": self.unit,
        }
        for side in [*SIDES, *self.extra()]:
            entry[side] = self.values.get(side)
        for side in [
            *OPPONENTS,
            *(side for side in self.extra() if side in self.ratios),
        ]:
            entry[f"ratio_{side}"] = self.ratios.get(side)
        for side, (least, most) in self.bounds.items():
            entry[f"{side}_min"] = least
            entry[f"{side}_max"] = most
        if self.goal is not None:
            entry |= {"goal": self.goal, "met": self.met}
        return entry


def unit_of(values: list[float]) -> tuple[str, float]:
    """Return a unit of time in which most of these nanoseconds are readable."""
    middle = statistics.geometric_mean([max(value, 0.001) for value in values])
    return [
        (unit, factor) for unit, factor in TIMES if middle >= factor or unit == "ns"
    ][-1]


class Goal(NamedTuple):
    text: str
    met: Callable[[Row], bool]


def at_most_of(factor: str, side: str) -> Goal:
    """Limit our result to a multiple of another side's: "1/5", or "1.5"."""
    most = float(Fraction(factor))
    text = f"≤ {factor} of {side}" if "/" in factor else f"≤ {factor}× {side}"
    return Goal(text, lambda row: row.ratios[side] <= most)


def at_most(limit: float, text: str) -> Goal:
    return Goal(f"≤ {text}", lambda row: row.raw["ours"] <= limit)


def at_least(limit: float, text: str) -> Goal:
    return Goal(f"≥ {text}", lambda row: row.raw["ours"] >= limit)
