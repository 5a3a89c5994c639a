"""Print all rows, and keep them for target/bench/report.json."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

import table
from row import Goal, Middle, Rounds, Row, at_most


class Report:
    def __init__(self) -> None:
        self.groups: dict[str, list[Row]] = {}
        # The rows that grow with the number of hooks, by name and number.
        self.curves: dict[str, dict[int, Row]] = {}

    def start(self, group: str) -> None:
        """Start a group of rows."""
        self.groups[group] = []
        print(table.heading(group), flush=True)

    def row(
        self,
        name: str,
        rounds: Rounds,
        unit: str | None = None,
        goals: Sequence[Goal] = (),
        middle: Middle = statistics.median,
        by_round: bool = True,
    ) -> Row:
        """Add a row. Without a unit the values are nanoseconds."""
        row = Row(name, unit, rounds, middle)
        row.compare(by_round)
        if goals:
            row.goal = ", ".join(goal.text for goal in goals)
            row.met = all(goal.met(row) for goal in goals)
        [*self.groups.values()][-1].append(row)
        print(table.line(row), flush=True)
        return row

    def growth(self, curve: str) -> None:
        """Add a row with the ratio of 5000 hooks to 5: at most a thousand."""
        few, many = self.curves[curve][5], self.curves[curve][5000]
        rounds = {
            side: [
                [statistics.median(more) / statistics.median(less)]
                for less, more in zip(few.rounds[side], many.rounds[side])
            ]
            for side in few.rounds
        }
        name = f"{curve}: 5000 hooks over 5"
        self.row(name, rounds, "×", [at_most(1000, "1000, which is linear")])

    def missed(self) -> list[Row]:
        return [
            row for rows in self.groups.values() for row in rows if row.met is False
        ]

    def write(self, path: Path) -> None:
        entries = [
            row.as_json(group) for group, rows in self.groups.items() for row in rows
        ]
        text = json.dumps(entries, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
