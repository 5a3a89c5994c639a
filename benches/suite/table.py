"""Format rows for a terminal, and for docs/benchmarks.md."""

from __future__ import annotations

from row import OPPONENTS, SIDES, Row

NAME = 68


def figure(value: float | None) -> str:
    """Format a value with about three digits."""
    if value is None:
        return ""
    if value == round(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    size = abs(value)
    return f"{value:.{1 if size >= 10 else 2 if size >= 1 else 3}f}"


def ratio(value: float | None) -> str:
    if value is None:
        return ""
    return f"1/{1 / value:.0f}" if 0 < value < 0.1 else f"{value:.2f}"


def extra(row: Row) -> str:
    """Format the values and ratios of the sides that only some rows have."""
    return "; ".join(
        f"{side} {figure(value)}"
        + (f", ratio {ratio(row.ratios[side])}" if side in row.ratios else "")
        for side, value in row.extra().items()
    )


def heading(group: str) -> str:
    sides = "".join(f"{side:>11}" for side in SIDES)
    ratios = "".join(f"{'÷ ' + side:>13}" for side in OPPONENTS)
    return f"\n{group:<{NAME}}{'':>9}{sides}{ratios}"


def line(row: Row) -> str:
    values = "".join(f"{figure(row.values.get(side)):>11}" for side in SIDES)
    ratios = "".join(f"{ratio(row.ratios.get(side)):>13}" for side in OPPONENTS)
    goal = [f"{row.goal}: {'met' if row.met else 'MISSED'}"] if row.goal else []
    more = extra(row)
    rest = "  ".join([*goal, *([f"({more})"] if more else [])])
    return f"{row.name:<{NAME}}{row.unit:>9}{values}{ratios}  {rest}".rstrip()


def markdown(rows: list[Row]) -> str:
    """Return a table with the columns that these rows have."""
    sides = [side for side in SIDES if any(side in row.values for row in rows)]
    opponents = [side for side in OPPONENTS if any(side in row.ratios for row in rows)]
    titles = ["", *sides, *(f"÷ {side}" for side in opponents)]
    also = any(row.extra() for row in rows)
    goals = any(row.goal for row in rows)
    titles += ["beside"] * also + ["goal", ""] * goals
    lines = [
        titles,
        ["---"] + ["---:"] * (len(titles) - 1 - 2 * goals) + ["---"] * 2 * goals,
    ]
    for row in rows:
        cells = [f"{row.name}, {row.unit}".replace("|", "\\|")]
        cells += [figure(row.values.get(side)) for side in sides]
        cells += [ratio(row.ratios.get(side)) for side in opponents]
        cells += [extra(row)] * also
        cells += [
            row.goal or "",
            "" if row.met is None else "met" if row.met else "**missed**",
        ] * goals
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
